"""Bytes that containers write, made into lines."""

from __future__ import annotations

LONGEST_LINE = 1 << 20  # bytes; a longer line is handed over in pieces


class LineSplitter:
    r"""Bytes of one stream, in any pieces, to whole lines without their newlines.

    >>> split = LineSplitter()
    >>> split.feed(b"one\ntw"), split.feed(b"o\n"), split.feed(b"")
    ([b'one'], [b'two'], [])
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that are complete now; an empty chunk ends the stream and its last line."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if self._rest and (not chunk or len(self._rest) > LONGEST_LINE):
            lines, self._rest = [*lines, self._rest], b""
        return lines


def shown(line: bytes) -> str:
    r"""What a terminal would show of a line: a progress bar rewrites itself with carriage returns.

    >>> shown(b"10%\r20%\xff\r")
    '20%\\xff'
    """
    return line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="backslashreplace")
