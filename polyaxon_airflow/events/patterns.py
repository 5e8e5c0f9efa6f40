"""Patterns of paths and names: `*`, `**`, `?`, `[abc]`, and `{name}`, which also remembers what it matched.

data/date={date}/_SUCCESS    matches data/date=2026-01-01/_SUCCESS, with date = 2026-01-01
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_PIECE = re.compile(
    r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|\{[a-z_][a-z0-9_]*\}|[^*?\[{]+|.", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Pattern:
    """A pattern of paths, relative to the root of their store or repository.

    >>> Pattern("parts/{day}/*.parquet").match("parts/2026-01-01/a.parquet")
    {'day': '2026-01-01'}
    """

    text: str

    def match(self, path: str) -> dict[str, str] | None:
        """What the named parts matched, or None if the path is another."""
        found = self._expression.fullmatch(path)
        return (
            None
            if found is None
            else {name: value for name, value in found.groupdict().items() if value is not None}
        )

    @cached_property
    def prefix(self) -> str:
        """The folders that every match lies in, "" for any: `parts/` for `parts/{day}/*.parquet`."""
        plain = re.split(r"[*?\[{]", self.text, maxsplit=1)[0]
        return plain[: plain.rfind("/") + 1]

    @cached_property
    def is_literal(self) -> bool:
        """Whether it matches one path only."""
        return re.search(r"[*?\[{]", self.text) is None

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        seen: set[str] = set()
        return re.compile("".join(_regular(piece, seen) for piece in _PIECE.findall(self.text)), re.DOTALL)


def _regular(piece: str, seen: set[str]) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    if piece == "**":
        return ".*"
    if piece == "*":
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if piece.startswith("{") and piece.endswith("}") and len(piece) > 2:
        name = piece[1:-1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>[^/]+)"
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
        return "[^" + piece[2:] if piece[1] == "!" else piece
    return re.escape(piece)
