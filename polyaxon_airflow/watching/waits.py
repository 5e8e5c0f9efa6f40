"""Operations of dags that wait for events of others: what all of them need to know, in a few questions a poll."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple, Protocol

from polyaxon_airflow.events.waiting import Wanted, judge, reached
from polyaxon_airflow.store.lifecycle import DONE
from polyaxon_airflow.watching.runs import ACTORS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Mapping, Sequence

    from polyaxon_airflow.events.waiting import Judgement
    from polyaxon_airflow.store import History
    from polyaxon_airflow.watching.polling import Surroundings

STATES_EVERY = timedelta(
    seconds=60
)  # how often Airflow is asked about DAG runs of which the store tells nothing new
_AT_ONCE = 500  # DAG runs in one question to the store
_NEVER = datetime.fromtimestamp(0, timezone.utc)
# Airflow's final states in Polyaxon's words, and those of tasks that have not begun since they were cleared.
ENDS = {
    "success": "succeeded",
    "failed": "failed",
    "upstream_failed": "upstream_failed",
    "skipped": "skipped",
    "removed": "skipped",
}
_ENDS: frozenset[str] = DONE
NOT_BEGUN = (None, "none", "scheduled", "queued")


class DagRun(NamedTuple):
    """An Airflow DAG run."""

    dag_id: str
    run_id: str


@dataclass(frozen=True)
class Wait:
    """What a task of a DAG run waits for."""

    dag_run: DagRun
    wanted: tuple[Wanted, ...]
    tasks: Mapping[str, Sequence[str]]  # operation -> ids of its tasks
    last: Mapping[str, Sequence[str]]  # operation -> ids of the tasks that it ends with

    def __hash__(self) -> int:
        return hash((self.dag_run, self.wanted))

    @property
    def task_ids(self) -> set[str]:
        return {task for tasks in self.tasks.values() for task in tasks}


class AskStates(Protocol):
    """Asks Airflow for the states of tasks of one DAG: run id -> task id -> state."""

    def __call__(
        self, dag_id: str, run_ids: Collection[str], task_ids: Collection[str]
    ) -> Awaitable[Mapping[str, Mapping[str, str | None]]]: ...


@dataclass
class Progress:
    """How far the tasks of one DAG run are."""

    histories: dict[str, list[History]] = field(
        default_factory=dict
    )  # by task id; more than one if it is mapped
    states: Mapping[str, str | None] = field(default_factory=dict)  # by task id

    def judge(self, wait: Wait) -> Judgement:
        """Whether what a task waits for has come."""
        ended = {name: status for name, last in wait.last.items() if (status := self._end(last)) is not None}
        kinds = {
            name: self._kinds(tasks) | reached({ended[name]} if name in ended else ())
            for name, tasks in wait.tasks.items()
        }
        return judge(wait.wanted, kinds, ended)

    def _kinds(self, tasks: Sequence[str]) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for history in (history for task in tasks for history in self._valid(task)):
            # How one trial ends is not how its sweep does.
            counted = [status for status in history.statuses if len(tasks) == 1 or status not in _ENDS]
            found |= reached(counted, self._facts(history))
        return found

    def _facts(self, history: History) -> set[str]:
        facts = {kind for kind, (when, _) in ACTORS.items() if history.meta.get(when)}
        return facts | ({"run_new_artifacts"} if history.has_artifacts else set())

    def _end(self, last: Sequence[str]) -> str | None:
        """The final status of an operation; None while one of its last tasks has not ended."""
        statuses = [self._status(task) for task in last]
        if any(status is None for status in statuses):
            return None
        return next((status for status in statuses if status != "succeeded"), "succeeded")

    def _status(self, task: str) -> str | None:
        ended = ENDS.get(self.states.get(task) or "")
        told = [history.statuses[-1] for history in self._valid(task) if history.statuses[-1] in _ENDS]
        return None if ended is None else (told or [ended])[-1]

    def _valid(self, task: str) -> list[History]:
        """Without the run that a task had before it was cleared, while it has no other."""
        found = self.histories.get(task, [])
        if self.states.get(task, "running") not in NOT_BEGUN:
            return found
        return [history for history in found if history.statuses[-1] not in _ENDS]


class Board:
    """The DAG runs that somebody waits in, and how far they are."""

    def __init__(self, ask: AskStates) -> None:
        self.waits: Counter[Wait] = Counter()
        self._ask = ask
        self._progress: dict[DagRun, Progress] = {}
        self._newest: datetime | None = None
        self._asked_at = _NEVER

    def judge(self, wait: Wait) -> Judgement:
        """Whether what a task waits for has come, as far as is known."""
        return self._progress.get(wait.dag_run, Progress()).judge(wait)

    async def refresh(self, around: Surroundings) -> frozenset[DagRun]:
        """Look again; the DAG runs of which more is known than before. Raises StoreError and WatchError."""
        runs = {wait.dag_run for wait in self.waits}
        self._progress = {run: progress for run, progress in self._progress.items() if run in runs}
        new = runs - self._progress.keys()
        newest = await around.do(around.store.runs.last_update)
        moved = await self._read(runs if newest != self._newest else new, around)
        changed = moved | await self._read_states(runs, new | moved, around.clock())
        self._newest = newest
        return frozenset(new | changed)

    async def _read(self, runs: Collection[DagRun], around: Surroundings) -> set[DagRun]:
        """Histories from the store; the DAG runs whose histories have grown."""
        histories: dict[DagRun, dict[str, list[History]]] = {run: defaultdict(list) for run in runs}
        ordered = sorted(runs)
        for start in range(0, len(ordered), _AT_ONCE):
            part = ordered[start : start + _AT_ONCE]
            for history in await around.do(lambda: around.store.runs.histories(part)):  # noqa: B023 - awaited at once
                histories[DagRun(history.dag_id, history.dag_run_id)][history.task_id].append(history)
        news = {run for run, found in histories.items() if self._of(run).histories != found}
        for run in news:
            self._of(run).histories = histories[run]
        return news

    async def _read_states(
        self, runs: Collection[DagRun], first: Collection[DagRun], now: datetime
    ) -> set[DagRun]:
        """States from Airflow, of some DAG runs, and now and then of all; those that have changed."""
        asked = runs if now - self._asked_at >= STATES_EVERY else first
        self._asked_at = now if asked is runs else self._asked_at
        by_dag: dict[str, list[str]] = defaultdict(list)
        for dag_id, run_id in sorted(asked):
            by_dag[dag_id].append(run_id)
        changed = set()
        for dag_id, run_ids in by_dag.items():
            tasks = {task for wait in self.waits if wait.dag_run.dag_id == dag_id for task in wait.task_ids}
            for run_id, states in (await self._ask(dag_id, run_ids, sorted(tasks))).items():
                progress = self._of(DagRun(dag_id, run_id))
                if progress.states != states:
                    progress.states = states
                    changed.add(DagRun(dag_id, run_id))
        return changed

    def _of(self, run: DagRun) -> Progress:
        return self._progress.setdefault(run, Progress())
