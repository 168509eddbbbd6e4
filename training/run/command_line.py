# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command lines of training: a record's fields become options, its docstrings their help, a mistake one line."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from jsonargparse import ArgumentError, ArgumentParser, set_parsing_settings

from uncd_ros.errors import ConfigError


def make_parser(description: str) -> ArgumentParser:
    """A parser for `parse`; `add_class_arguments` takes the help of each option from the field's docstring."""
    set_parsing_settings(docstring_parse_attribute_docstrings=True)
    return ArgumentParser(description=description, exit_on_error=False)


def parse(parser: ArgumentParser, arguments: Sequence[str] | None) -> dict[str, Any]:
    """Option -> value; records nested in them are instantiated. Raises ConfigError, in one line, for a mistake."""
    try:
        return dict(vars(parser.instantiate(parser.parse_args(arguments))))
    except ArgumentError as error:
        raise ConfigError(' '.join(str(error).split())) from None


class OwnOptions(argparse.ArgumentParser):
    """Options of a program that takes all settings, too.

    `parse_known_args` takes the program's own options out of its arguments; what is left goes to `parse_settings`,
    which refuses what is unknown. jsonargparse has no `parse_known_args`, so argparse does it.
    """

    def __init__(self, description: str) -> None:
        super().__init__(
            description=description,
            epilog='All other settings, as --key.subkey VALUE: see training/distill.py --help.',
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError instead of ending the program."""
        raise ConfigError(message)
