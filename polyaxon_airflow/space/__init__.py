"""Search spaces, `matrix.params.<name>`: the values that a hyperparameter may take (spec section 2.26)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.kinds import Kinds
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.section import Section
from polyaxon_airflow.space.bounds import Bounds

if TYPE_CHECKING:
    from numpy.random import RandomState

    from polyaxon_airflow.space.codec import Codec

    Sampler: TypeAlias = Callable[[RandomState], object]

ValueT = TypeVar("ValueT")

NUMBERS = frozenset({"int", "float"})


class Space(Section):
    """The values of one hyperparameter.

    Values are plain JSON: numbers, text, booleans, null, lists, mappings; dates are ISO text. All methods but
    `problem` and `doubt` raise CompilationError on a space that has a problem.
    """

    is_distribution: ClassVar[bool] = True
    """No list to walk through: a grid refuses it."""

    io_types: ClassVar[frozenset[str] | None] = NUMBERS
    """The types of an input that may take these values; None for any."""

    kind: str
    value: Any

    def problem(self) -> str | None:
        """Why no value can be taken from this space, or None.

        A polyaxonfile may be accepted with a space like that (Polyaxon does): a template that a run fills in,
        no value at all, bounds that hold nothing.
        """
        if self.value is None:
            return "has no value"
        if is_template(self.value):
            return f"still has the template '{self.value}' for a value"
        return self.value.problem() if isinstance(self.value, Bounds) else None

    def doubt(self) -> str | None:
        """What a reader of the file may have meant otherwise, or None."""
        return None

    @abstractmethod
    def distinct(self) -> Sequence[object] | None:
        """All values, each once; None if there is no end to them."""

    def size(self) -> int | None:
        """How many distinct values there are; None if there is no end to them."""
        values = self.distinct()
        return None if values is None else len(values)

    @abstractmethod
    def sampler(self) -> Sampler:
        """A function that draws one value at random: what hypertune draws from the same generator."""

    @abstractmethod
    def codec(self) -> Codec:
        """How a search engine sees the values: as points of the unit interval."""


def given(value: ValueT | str | None) -> ValueT:
    """The value of a space that is there and no template. Raises CompilationError otherwise."""
    if value is None or isinstance(value, str):
        raise CompilationError(f"a search space needs a value, not {value!r}")
    return value


_HERE = "polyaxon_airflow.space"

SPACE = Kinds(
    "space",
    Space,
    {
        "choice": f"{_HERE}.choice:Choice",
        "pchoice": f"{_HERE}.pchoice:PChoice",
        "range": f"{_HERE}.range:Range",
        "linspace": f"{_HERE}.linspace:LinSpace",
        "logspace": f"{_HERE}.logspace:LogSpace",
        "geomspace": f"{_HERE}.geomspace:GeomSpace",
        "daterange": f"{_HERE}.daterange:DateRange",
        "datetimerange": f"{_HERE}.datetimerange:DateTimeRange",
        "uniform": f"{_HERE}.uniform:Uniform",
        "quniform": f"{_HERE}.quniform:QUniform",
        "loguniform": f"{_HERE}.loguniform:LogUniform",
        "qloguniform": f"{_HERE}.qloguniform:QLogUniform",
        "normal": f"{_HERE}.normal:Normal",
        "qnormal": f"{_HERE}.qnormal:QNormal",
        "lognormal": f"{_HERE}.lognormal:LogNormal",
        "qlognormal": f"{_HERE}.qlognormal:QLogNormal",
    },
)
