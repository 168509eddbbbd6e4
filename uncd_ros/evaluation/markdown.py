# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reports as Markdown and HTML, from templates; names from elsewhere cannot break a table or a page."""

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt

_SPECIAL = re.compile(r'([\\`*|<>\[\]&~])|(?<!\w)(_)|(_)(?!\w)')
"""Characters to which Markdown gives a meaning; `_` has none within a word."""
_OPTION = re.compile(r'(?<![\w-])--[a-z][a-z-]*')


def render(package: str, template: str, **values: Any) -> str:
    """The file `template` in the folder templates of a package, filled in; a value that is missing is an error."""
    return _environment(package).get_template(template).render(**values)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of plain texts; columns of figures keep to the right."""
    columns = zip(*rows, strict=True)
    rules = ['---:' if all(cell[:1] in '+-0123456789' for cell in column) else '---' for column in columns]
    lines = ([*map(escape, header)], rules, *([*map(escape, row)] for row in rows))
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def escape(text: object) -> str:
    """The text in one line, read by Markdown as it stands."""
    return _SPECIAL.sub(lambda special: f'\\{special[0]}', ' '.join(str(text).split()))


def options(text: str) -> str:
    """Markdown in which each option of a command line is a piece of code, which no end of a line tears apart."""
    return _OPTION.sub(r'`\g<0>`', text)


def code(text: object) -> str:
    """The text in one line as a piece of code, whatever backticks it holds."""
    line = ' '.join(str(text).split())
    fence = '`' * (1 + max((len(run) for run in re.findall('`+', line)), default=0))
    space = ' ' if '`' in line else ''
    return f'{fence}{space}{line}{space}{fence}'


def html(text: str, title: str, figures: Path | None = None) -> str:
    """A Markdown text as one HTML page, its headings named as GitHub names them.

    Pictures below the folder `figures` are put into the page, which can then go anywhere alone; without it they stay
    beside the page.
    """
    parser = MarkdownIt('commonmark', {'html': False}).enable('table')
    tokens = parser.parse(text)
    for opening, inline in pairwise(tokens):
        if opening.type == 'heading_open':
            opening.attrSet('id', _anchor(inline.content))
    for token in (child for each in tokens for child in each.children or ()):
        if token.type == 'image' and figures is not None:
            token.attrSet('src', _data_uri(figures / unquote(str(token.attrs['src']))))
    return render(
        'uncd_ros.evaluation', 'page.html.j2', title=title, body=parser.renderer.render(tokens, parser.options, {})
    )


def _anchor(heading: str) -> str:
    """The name that a link to a heading has."""
    return re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')


def _data_uri(picture: Path) -> str:
    kind = guess_type(picture.name)[0]
    return f'data:{kind};base64,{b64encode(picture.read_bytes()).decode()}'


@cache
def _environment(package: str) -> Environment:
    import_module(package)  # PackageLoader looks for the folder of a package that is there
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(['html.j2']),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {'md': escape, 'code': code, 'options': options}
    return environment
