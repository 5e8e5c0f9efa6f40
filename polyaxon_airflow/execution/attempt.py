"""An attempt of a run, as far as whoever follows it must know it: JSON, so that a trigger can take over from a task."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Attempt:
    """What a task knew when it gave a run to a runner."""

    uuid: str  # of the run
    try_number: int = 1
    max_retries: int = 0  # of the operation; attempts whose worker was lost do not count
    sweep: str | None = None  # uuid of the sweep that a trial is in
    trial_index: int | None = None
    trials: int | None = None  # of the sweep in all, as far as its matrix tells
    dags: list[dict[str, Any]] = field(default_factory=list)  # that may stop the run, see `stopping`
    service: dict[str, Any] | None = None  # where it is and who needs it, if it is one, see `services`
    timeout: float | None = None  # seconds that the run may take
    keep: float = 0  # seconds that the runner keeps what has ended
    logs: bool = True  # whether the containers' lines go to the task's log

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Attempt:
        return cls(**data)
