"""Spaces with a list of values: all but the distributions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from polyaxon_airflow.space import Space
from polyaxon_airflow.space.identity import distinct

if TYPE_CHECKING:
    from polyaxon_airflow.space import Sampler
    from polyaxon_airflow.space.codec import Codec


class Listed(Space):
    """A space whose values can be listed, so that a grid can walk through them."""

    is_distribution: ClassVar[bool] = False

    @abstractmethod
    def values(self) -> Sequence[object]:
        """All values in the order of the file, repeated ones too. Raises CompilationError if `problem()`."""

    def distinct(self) -> Sequence[object]:
        return distinct(self.values())

    def sampler(self) -> Sampler:
        values = self.values()
        return lambda rng: values[int(rng.randint(0, len(values)))]

    def codec(self) -> Codec:
        from polyaxon_airflow.space.codec import in_order

        return in_order(self.distinct())
