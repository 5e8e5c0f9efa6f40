"""`policy: {kind: asha}`: not among the best 1/eta of those who came to this rung (beyond Polyaxon)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from polyaxon_airflow.early_stopping import Policy
from polyaxon_airflow.early_stopping.curves import Standing


class Asha(Policy):
    """`{kind: asha, eta: 3, minInterval: 2}`: rungs at the 2nd, 6th, 18th, 54th report and so on.

    Asynchronous successive halving in the form that stops trials instead of pausing them (Li et al. 2020). It is
    there to save, so it gives less credit than other policies.
    """

    credit: ClassVar[float] = 1.0

    kind: Literal["asha"]
    eta: Annotated[int, Field(ge=2)] = 3  # one of eta trials goes on from a rung to the next

    def first_look(self) -> int:
        return 2 if self.min_interval is None else super().first_look()

    def last_look(self, reports: int) -> int:
        rung = self.first_look()
        while rung * self.eta <= reports:
            rung *= self.eta
        return rung if rung <= reports else 0

    def verdict(self, standing: Standing, sign: int) -> str | None:  # noqa: ARG002
        trials = len(standing.others) + 1
        rank = 1 + sum(best > standing.prospect for best in standing.others)
        kept = max(1, trials // self.eta)
        if rank <= kept:
            return None
        return f"rank {rank} of {trials} trials at this rung, the best {kept} go on"
