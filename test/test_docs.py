# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What README and docs say is there: links, paths, settings, parameters, topics, folders, answers."""

import re
import subprocess
from itertools import chain

import pytest
import yaml

from support.pages import PAGES, PROJECT, TEXTS, default_parameters, options


@pytest.mark.parametrize('page', PAGES)
def test_links_and_paths_lead_somewhere(page):
    folder = (PROJECT / page).parent
    for path, anchor in re.findall(r'\]\((?!http)([^)#]*)#?([^)]*)\)', TEXTS[page]):
        target = folder / path if path else PROJECT / page
        assert target.exists(), path
        if anchor:
            headings = re.findall(r'^#+ (.+)$', target.read_text(encoding='utf-8'), re.M)
            assert anchor in {re.sub(r'[^\w -]', '', heading).lower().replace(' ', '-') for heading in headings}
    named = re.findall(
        r'`((?:uncd_ros|training|config|launch|models|benchmark|test|docs)/[\w./-]*|[\w-]+\.toml)`', TEXTS[page]
    )
    assert [path for path in named if not (PROJECT / path).exists()] == []


@pytest.mark.parametrize('page', PAGES)
def test_targets_and_settings_in_the_text_exist(page):
    targets = set(re.findall(r'^([a-z-]+):', (PROJECT / 'Makefile').read_text(), re.M))
    assert set(re.findall(r'`make ([a-z-]+)', TEXTS[page])) <= targets
    settings = re.findall(r'`((?:data|student|student_fit|distill|calibration)\.(?!py)\w+)`', TEXTS[page])
    assert {f'--{name}' for name in settings} <= (options('training/distill.py') if settings else set())


def test_make_alone_prints_every_target_with_a_text():
    makefile = (PROJECT / 'Makefile').read_text()
    listed = subprocess.run(['make', '--no-print-directory'], cwd=PROJECT, check=True, capture_output=True, text=True)
    lines = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    assert {name for _, name, _ in lines} == set(makefile.split('.PHONY: ')[1].splitlines()[0].split())
    assert all(make == 'make' for make, _, _ in lines)


def table(page: str, first: str) -> list[list[str]]:
    """Rows of the table whose first heading is `first`, a cell each."""
    rows = TEXTS[page].split(f'\n| {first} |')[1].split('\n\n')[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip('|').split(' | ')] for row in rows]


def test_parameters_are_those_of_the_node():
    written = {
        name.strip('`'): yaml.safe_load(default.strip('`')) for name, default, _ in table('docs/node.md', 'parameter')
    }
    assert written == default_parameters()


def test_topics_are_those_of_the_node():
    pytest.importorskip('rclpy', reason='needs rclpy')
    from uncd_ros.node.outputs import TOPICS

    written = set(chain.from_iterable(re.findall('`~/(.+?)`', row[0]) for row in table('docs/node.md', 'topic')))
    assert written == {*TOPICS, 'label_info', 'obstacles'}


def test_every_folder_is_in_the_layout():
    layout = TEXTS['docs/design.md'].split('## Repository layout')[1].split('Each folder')[0]
    folders = [
        path.parent for package in ('uncd_ros', 'training') for path in (PROJECT / package).glob('*/__init__.py')
    ]
    assert len(folders) > 15
    assert {f'{folder.name}/' for folder in folders} <= set(layout.split())


@pytest.mark.parametrize('row', table('docs/design.md', 'question'), ids=lambda row: row[0])
def test_the_file_named_for_a_question_answers_it(row):
    _, path, names = (cell.strip('`') for cell in row)
    text = (PROJECT / path).read_text(encoding='utf-8')
    for name in names.split('.'):
        assert re.search(rf'^\s*(?:def|class) {name}\b|^{name}\b.* = ', text, re.M), f'{path} defines no {name}'


def test_there_are_twenty_questions_and_readme_is_short():
    assert len({path for _, path, _ in table('docs/design.md', 'question')}) >= 20
    assert TEXTS['README.md'].count('\n') < 180
