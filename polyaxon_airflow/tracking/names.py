"""Names of metrics, as traceml writes them (spec section 5.4)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_REMOVED = re.compile(r"[^A-Za-z0-9_/\\.\s-]")
_SLASHES = re.compile(r"[/\\]+")
_GAPS = re.compile(r"[-.\s]+")


@lru_cache(maxsize=4096)
def metric_name(name: str) -> str:
    """The name that a metric has in event files, in outputs and in the store; empty if nothing is left of it.

    >>> metric_name("val/acc top-1"), metric_name("é.x")
    ('val__acc-top-1', 'e-x')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _GAPS.sub("-", _SLASHES.sub("__", _REMOVED.sub("", plain).strip()))
