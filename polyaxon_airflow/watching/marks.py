"""Sets of things that were seen, packed into a text for a cursor: eight bytes each, whatever their names."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_BYTES = 8  # of 10 million things, two are mixed up in one of 370,000 such sets


def mark(text: str) -> bytes:
    """What stands for a name."""
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=_BYTES).digest()


def pack(marks: Collection[bytes]) -> str:
    """Marks as text; equal sets are equal texts.

    >>> unpack(pack({mark("a"), mark("b")})) == {mark("b"), mark("a")}
    True
    """
    return b64encode(b"".join(sorted(marks))).decode()


def unpack(packed: str) -> frozenset[bytes]:
    """What `pack` packed."""
    text = b64decode(packed)
    return frozenset(text[at : at + _BYTES] for at in range(0, len(text), _BYTES))
