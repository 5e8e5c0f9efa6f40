"""Complete lines out of what was appended to a file."""

from __future__ import annotations

_LONGEST = 1 << 20  # bytes of a line without end; what is longer is no report


class Lines:
    """Cuts what is fed into lines; the end without a newline stays in `rest` until it is one."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, appended: bytes) -> list[str]:
        """The lines that are complete now, without their newlines and without blank ones."""
        *complete, self.rest = (self.rest + appended).split(b"\n")
        if len(self.rest) > _LONGEST:
            self.rest = b""
        return [line for raw in complete if (line := _text(raw))]

    @property
    def last(self) -> str:
        """The line that has no newline yet."""
        return _text(self.rest)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()
