"""Spaces with a list of values: all but the distributions."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from polyaxon_airflow.space import Space

if TYPE_CHECKING:
    from numpy.random import RandomState


class Listed(Space):
    """A space whose values can be listed, so that a grid can walk through them."""

    is_distribution: ClassVar[bool] = False

    @abstractmethod
    def values(self) -> Sequence[object]:
        """All values in the order of the file, repeated ones too. Raises CompilationError if `problem()`."""

    def size(self) -> int:
        return len({identity(value) for value in self.values()})

    def draw(self, rng: RandomState) -> object:
        values = self.values()
        return values[int(rng.randint(0, len(values)))]


def identity(value: object) -> str:
    """A key under which equal JSON values meet, lists and mappings too."""
    return json.dumps(value, sort_keys=True)
