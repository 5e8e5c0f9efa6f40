"""`kind: choice`: one of the listed items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.identity import plain
from polyaxon_airflow.space.listed import Listed

if TYPE_CHECKING:
    from polyaxon_airflow.space.codec import Codec


class Choice(Listed):
    """`{kind: choice, value: [16, 32, 64]}`: a search engine sees numbers in the order of their size."""

    io_types: ClassVar[frozenset[str] | None] = None

    kind: Literal["choice"]
    value: Annotated[list[Any] | str | None, OR_TEMPLATE]

    def values(self) -> Sequence[object]:
        return [plain(item) for item in given(self.value)]

    def codec(self) -> Codec:
        from polyaxon_airflow.space.codec import items

        return items(self.distinct())
