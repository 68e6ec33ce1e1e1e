"""What objects look like in a notebook."""

from __future__ import annotations

import html
from typing import Iterable, Sequence


def escape(words: str) -> str:
    """Text as HTML."""
    return html.escape(words)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; texts are escaped."""
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
