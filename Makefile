# `make` prints the targets, with the text after each `##`. Those that need .venv build it if it is missing or outdated.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
TESTS ?=

# A ROS that happens to be sourced would mix its libraries with the wheels in .venv.
unexport PYTHONPATH LD_LIBRARY_PATH AMENT_PREFIX_PATH

.PHONY: help setup demo test lint train-smoke bench soak
.DEFAULT_GOAL := help

help:  ## print this list
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(READY)  ## build .venv: the package with ROS 2, training and test tools, at the versions that were tested

$(READY): setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1), expected Python 3.10 to 3.13;" \
	       "name one with make PYTHON=python3.12"; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make its own pip: lending it the one there is"; \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(RUN) install --quiet pip; }
	$(RUN) -m pip install --quiet -c constraints.txt -e '.[ros,bags,viewer,train,export,test]'
	@touch $@

demo: $(READY)  ## play a camera through the node: [SOURCE=<video, folder, bag>] [MODEL=<folder or name>] [VIEW=1, a live page]
	$(RUN) -m uncd_ros.node.demo $(if $(SOURCE),--source "$(SOURCE)") $(if $(MODEL),--model "$(MODEL)") $(if $(VIEW),--view)

train-smoke: $(READY)  ## run every stage of training on tiny networks, in minutes
	$(RUN) training/distill.py --config training/configs/smoke.yaml

test: $(READY)  ## run the tests: [TESTS=<path>]
	$(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(TESTS)

lint: $(READY)  ## check style, types and imports: ruff, mypy --strict, import-linter
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(READY)  ## measure speed here, after checking the results; writes out/bench/bench.json: [MODEL=<..>] [SHORT=1]
	$(RUN) -m benchmark $(if $(MODEL),--model "$(MODEL)") $(if $(SHORT),--short)

soak: $(READY)  ## run the node at full load and fail if memory grows or latency drifts: [MODEL=<..>] [MINUTES=<10>]
	$(RUN) benchmark/soak.py $(if $(MODEL),--model "$(MODEL)") $(if $(MINUTES),--minutes $(MINUTES))
