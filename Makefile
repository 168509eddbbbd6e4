# The commands of the README. Each sets up .venv the first time and nothing the second.
#
#   make demo [SOURCE=<video or folder>] [MODEL=<folder or name>]     make test [TESTS=<path>]

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
TESTS ?=

# A ROS that happens to be sourced would mix its libraries with the wheels in .venv.
unexport PYTHONPATH LD_LIBRARY_PATH AMENT_PREFIX_PATH

.PHONY: setup demo train-smoke test lint bench soak
.DEFAULT_GOAL := setup

setup: $(READY)

$(READY): setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1), expected Python 3.10 to 3.13;" \
	       "name one with make PYTHON=python3.12"; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make its own pip: lending it the one there is"; \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(RUN) install --quiet pip; }
	$(RUN) -m pip install --quiet -c constraints.txt -e '.[ros,bags,train,test]'
	@touch $@

demo: $(READY)
	$(RUN) -m uncd_ros.node.demo $(if $(SOURCE),--source "$(SOURCE)") $(if $(MODEL),--model "$(MODEL)")

train-smoke: $(READY)
	$(RUN) training/distill.py --config training/configs/smoke.yaml

test: $(READY)
	$(RUN) -m pytest $(TESTS)

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(READY)
	@for script in $(filter-out benchmark/soak.py,$(sort $(wildcard benchmark/*.py))); do \
	  echo "== $$script"; $(RUN) "$$script" || exit 1; done

soak: $(READY)
	$(RUN) benchmark/soak.py $(if $(MODEL),--model "$(MODEL)") $(if $(MINUTES),--minutes $(MINUTES))
