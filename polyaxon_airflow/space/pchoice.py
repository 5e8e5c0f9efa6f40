"""`kind: pchoice`: one of the listed items, each with its probability."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import Space, given
from polyaxon_airflow.space.identity import identity, plain

if TYPE_CHECKING:
    from polyaxon_airflow.space import Sampler
    from polyaxon_airflow.space.codec import Codec

_TOLERANCE = 1e-9  # 0.2 + 0.4 + 0.3 + 0.1 is 1.0000000000000002


def _read_pair(pair: Any) -> Any:
    if isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[1], float) and 0 <= pair[1] < 1:
        return tuple(pair)
    raise PydanticCustomError(
        "pchoice_pair", "expects [value, probability] with a probability such as 0.5, below 1.0"
    )


def _sum_to_one(pairs: list[tuple[Any, float]]) -> list[tuple[Any, float]]:
    total = sum(probability for _, probability in pairs)
    if total > 1 + _TOLERANCE:
        raise PydanticCustomError(
            "pchoice_sum", "the probabilities add up to {total}, more than 1", {"total": total}
        )
    return pairs


Pair: TypeAlias = Annotated[tuple[Any, float], BeforeValidator(_read_pair)]
Pairs: TypeAlias = Annotated[list[Pair], AfterValidator(_sum_to_one)]


class PChoice(Space):
    """`{kind: pchoice, value: [[relu, 0.1], [sigmoid, 0.9]]}`.

    As in Polyaxon the last item gets what the others leave of 1, whatever stands beside it.
    """

    io_types: ClassVar[frozenset[str] | None] = None

    kind: Literal["pchoice"]
    value: Annotated[Pairs | str | None, OR_TEMPLATE] = None

    def problem(self) -> str | None:
        return super().problem() or (None if given(self.value) else "has no items")

    def distinct(self) -> list[object]:
        return [item for item, _ in self._chances()]

    def sampler(self) -> Sampler:
        items, weights = self._items(), self._weights()
        return lambda rng: items[int(rng.multinomial(1, weights).argmax())]

    def codec(self) -> Codec:
        from polyaxon_airflow.space.codec import items

        values, weights = zip(*self._chances(), strict=True)
        return items(values, weights)

    def _items(self) -> list[object]:
        return [plain(item) for item, _ in given(self.value)]

    def _weights(self) -> list[float]:
        """The probability of each item; they add up to 1."""
        *weights, _ = (probability for _, probability in given(self.value))
        return [*weights, max(0.0, 1 - sum(weights))]

    def _chances(self) -> list[tuple[object, float]]:
        """Each item once with its probability, without those that have none."""
        chances: dict[Hashable, tuple[object, float]] = {}
        for item, weight in zip(self._items(), self._weights(), strict=True):
            _, before = chances.get(identity(item), (item, 0.0))
            chances[identity(item)] = (item, before + weight)
        return [(item, weight) for item, weight in chances.values() if weight > _TOLERANCE]
