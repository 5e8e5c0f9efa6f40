"""A point of a metric: what tracking reads and the store keeps."""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """One value of a metric."""

    name: str
    step: int  # fits 64 bits
    value: float  # NaN and infinities are values
    at: float  # Unix seconds
