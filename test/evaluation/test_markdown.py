# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0

import pytest

pytest.importorskip('jinja2', reason='writes reports')

from uncd_ros.evaluation.markdown import code, escape, html, options, table

HOSTILE = ['a|b', '*bold*', '<script>alert(1)</script>', 'two\nlines', '_under_', '`tick`', '[link](x)', 'a\\', '&lt;']


def cells(page: str) -> list[str]:
    return [line.partition('>')[2].rpartition('</td')[0] for line in page.splitlines() if line.startswith('<td')]


@pytest.mark.parametrize('name', HOSTILE)
def test_a_name_stays_one_cell_and_reads_as_it_stands(name: str) -> None:
    shown = cells(html(table(('name', 'count'), [(name, '7')]), 'title'))
    expected = name.replace('\n', ' ').replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    assert shown == [expected, '7']


@pytest.mark.parametrize('name', HOSTILE)
def test_a_name_breaks_no_heading_no_code_and_no_page(name: str) -> None:
    page = html(f'# {escape(name)} and {code(name)}\n\nEnd.', name)
    assert page.count('<h1 ') == page.count('<code>') == 1
    assert '<script>' not in page and '<em>' not in page and '<a ' not in page
    assert '<p>End.</p>' in page


def test_columns_of_figures_keep_to_the_right() -> None:
    assert table(('name', 'figure'), [('a', '-1.0'), ('b', '2')]).splitlines()[1] == '| --- | ---: |'


def test_options_are_code() -> None:
    assert options('No events (--events), a--b; --image-topic.') == 'No events (`--events`), a--b; `--image-topic`.'
