# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the label ids of two models mean the same."""

import pytest

from uncd_ros.classes import ClassInfo, class_difference


def classes(*names: str, grey: int = 0) -> list[ClassInfo]:
    return [ClassInfo(name=name, color=(grey, grey, grey)) for name in names]


def test_colours_make_no_difference() -> None:
    assert class_difference(classes('road', 'car'), classes('road', 'car', grey=9)) == ''


@pytest.mark.parametrize(
    ('before', 'after', 'difference'),
    [
        (('road', 'car'), ('car', 'road'), "id 0 is 'car' instead of 'road'"),
        (('road', 'car'), ('road',), "id 1 is no class instead of 'car'"),
        (('road',), ('road', 'sky'), "id 1 is 'sky' instead of no class"),
    ],
)
def test_the_first_id_that_means_something_else_is_named(
    before: tuple[str, ...], after: tuple[str, ...], difference: str
) -> None:
    assert class_difference(classes(*before), classes(*after)) == difference
