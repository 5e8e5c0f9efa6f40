"""`matrix`: many runs of one operation, each with its own params (spec sections 2.25 and 4).

A sweep has no tuner process. Trial *i* asks for its own parameters: `ask(i, history)` is a pure function of the
section, the index and what other trials have shown, so any process that knows them gets the same answer.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple, TypeAlias

from typing_extensions import Self

from polyaxon_airflow.early_stopping import EARLY_STOPPING, EarlyStopping, State
from polyaxon_airflow.errors import CompilationError, PolyaxonAirflowError
from polyaxon_airflow.kinds import Kinds
from polyaxon_airflow.scalars import OR_TEMPLATE, is_template
from polyaxon_airflow.section import Section

Params: TypeAlias = dict[str, object]
"""The values of a trial by name, plain JSON."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial has shown so far. JSON both ways: `Trial(**json.loads(json.dumps(asdict(trial))))`."""

    index: int  # from 0, its place in the sweep
    params: Mapping[str, object]
    value: float | None = None  # of the sweep's metric: the last one, for a stopped trial the best one
    state: State = "running"


class NothingToAsk(PolyaxonAirflowError):  # noqa: N818
    """There are no params for this trial, now or ever; the message says why, for people to read."""


class SpaceExhausted(NothingToAsk):
    """All params that the search space holds have been given out: the trial has nothing to do and is skipped."""


class NoSurvivor(NothingToAsk):
    """Too few trials of the rung below have a value: nobody goes on in this place, and the trial is skipped."""


class TooEarly(NothingToAsk):
    """Others must be done before this trial can ask: the rung below, or the user's tuner."""


class Problem(NamedTuple):
    """Why a matrix that was read cannot be run."""

    path: tuple[str | int, ...]  # from the matrix section down, in the spelling of YAML
    message: str  # "has no value"
    is_template: bool = False  # nothing is wrong: the run fills it in

    def __str__(self) -> str:
        return f"matrix.{'.'.join(map(str, self.path))} {self.message}"


class Matrix(Section):
    """The trials of a sweep."""

    instead: ClassVar[dict[str, str]] = {
        "parallelism": "concurrency",
        "parallel": "concurrency",
        "maxParallel": "concurrency",
        "parameters": "params",
        "space": "params",
        "maxRuns": "numRuns",
        "trials": "numRuns",
        "maxTrials": "numRuns",
    }

    merges_whole: ClassVar[bool] = True
    learns: ClassVar[bool] = True  # whether a trial's params depend on what others have shown
    repeats: ClassVar[bool] = False  # whether two trials may have the same params

    kind: str
    early_stopping: Annotated[list[Annotated[EarlyStopping, EARLY_STOPPING]] | str | None, OR_TEMPLATE] = None

    def problems(self) -> Iterator[Problem]:
        """What keeps trials from asking: templates that are still to be filled in, and what Polyaxon lets pass."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if is_template(value) and name not in _ASIDE:
                yield Problem((field.alias or name,), f"is still the template '{value}'", is_template=True)

    def trials(self) -> int | None:
        """How many trials the sweep has at most; None if only the run can tell.

        Raises CompilationError if there are problems other than templates.
        """
        problems = [problem for problem in self.problems() if problem.path != ("seed",)]
        _raise_first(problem for problem in problems if not problem.is_template)
        return None if problems else self._trials()

    def ask(self, index: int, history: Sequence[Trial]) -> Params:
        """The params of trial `index`, given what the sweep's trials have shown, in any order.

        Without a `seed` in the file the seed is 0; see `with_seed`. Raises NothingToAsk if there are no params
        for this trial, CompilationError if the matrix has problems.
        """
        _raise_first(self.problems())
        total = self._trials()
        if total is not None and not 0 <= index < total:
            raise SpaceExhausted(f"this {self.kind} has {total} trials, none with index {index}")
        return self._ask(index, history)

    def continues(self, index: int, history: Sequence[Trial]) -> int | None:  # noqa: ARG002 - for kinds that do
        """The trial whose artifacts trial `index` begins with; None if it begins with nothing."""
        return None

    def with_seed(self, seed: int) -> Self:
        """This matrix, with a seed that all trials of a run share if the file has none."""
        if "seed" in type(self).model_fields and getattr(self, "seed", None) is None:
            return self.model_copy(update={"seed": seed})
        return self

    @abstractmethod
    def _trials(self) -> int | None:
        """`trials()` of a matrix without problems."""

    @abstractmethod
    def _ask(self, index: int, history: Sequence[Trial]) -> Params:
        """`ask()` of a matrix without problems."""


_ASIDE = {"concurrency", "early_stopping", "tuner"}  # fields that say nothing about params


def _raise_first(problems: Iterable[Problem]) -> None:
    for problem in problems:
        raise CompilationError(str(problem))


_HERE = "polyaxon_airflow.matrix"

MATRIX = Kinds(
    "matrix",
    Matrix,
    {
        "mapping": f"{_HERE}.mapping:Mapping",
        "grid": f"{_HERE}.grid:Grid",
        "random": f"{_HERE}.random:Random",
        "hyperband": f"{_HERE}.hyperband:Hyperband",
        "bayes": f"{_HERE}.bayes:Bayes",
        "hyperopt": f"{_HERE}.hyperopt:Hyperopt",
        "tpe": f"{_HERE}.tpe:Tpe",
        "iterative": f"{_HERE}.iterative:Iterative",
    },
)
