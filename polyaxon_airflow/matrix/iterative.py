"""`kind: iterative`: rounds of trials, suggested by a tuner container of the user's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.matrix import Matrix, Params, TooEarly, Trial
from polyaxon_airflow.matrix.fields import PositiveIntNoText, Spaces, Tuner
from polyaxon_airflow.scalars import OR_TEMPLATE, IntOrTemplate
from polyaxon_airflow.space.identity import plain


class Iterative(Matrix):
    """`{kind: iterative, maxIterations: 5, tuner: {hubRef: my-tuner}, params: ...}`.

    In each round the tuner gets `request()` as JSON and gives back a list of params. The caller adds them to the
    history as trials in state `suggested`, numbered on from the last round's; those trials then ask as any other.
    """

    repeats: ClassVar[bool] = True

    kind: Literal["iterative"]
    params: Annotated[Spaces | str | None, OR_TEMPLATE] = None
    max_iterations: PositiveIntNoText  # rounds
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntNoText | None = None
    tuner: Tuner | None = None

    def request(self, iteration: int, history: Sequence[Trial]) -> dict[str, Any]:
        """What the tuner gets in round `iteration`, from 0: plain JSON.

        `configs` and `metrics` are what Polyaxon's own join hands to a tuner: params and value of each trial that
        succeeded with one. `trials` has all of them, whatever became of them.
        """
        trials = sorted(history, key=lambda trial: trial.index)
        valued = [trial for trial in trials if trial.state == "succeeded" and _is_finite(trial.value)]
        return {
            "iteration": iteration,
            "matrix": self.to_dict(),
            "configs": [dict(trial.params) for trial in valued],
            "metrics": [trial.value for trial in valued],
            "trials": [
                {
                    "index": trial.index,
                    "params": dict(trial.params),
                    "value": trial.value if _is_finite(trial.value) else None,
                    "state": trial.state,
                }
                for trial in trials
            ],
        }

    def suggested(self, answer: object, history: Sequence[Trial]) -> list[Trial]:
        """The trials of a round from the tuner's answer: a list of params, or a mapping with one as `suggestions`.

        An empty list ends the sweep. Raises CompilationError if the answer is anything else.
        """
        suggestions = answer.get("suggestions") if isinstance(answer, Mapping) else answer
        if not isinstance(suggestions, list) or not all(
            isinstance(params, Mapping) for params in suggestions
        ):
            raise CompilationError(
                'the tuner must give a list of params, such as [{"lr": 0.1}, {"lr": 0.2}], '
                f'or {{"suggestions": [...]}}, not {str(answer)[:200]}'
            )
        first = 1 + max((trial.index for trial in history), default=-1)
        return [
            Trial(
                first + place, {str(name): plain(value) for name, value in params.items()}, None, "suggested"
            )
            for place, params in enumerate(suggestions)
        ]

    def _trials(self) -> None:
        return None

    def _ask(self, index: int, history: Sequence[Trial]) -> Params:
        for trial in history:
            if trial.index == index:
                return dict(trial.params)
        raise TooEarly(f"the tuner has not suggested trial {index} yet")


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
