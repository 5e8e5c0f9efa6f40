"""Operations of dags that wait for events of others: what all of them need to know, in a few questions a poll."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple, Protocol

from polyaxon_airflow.events.waiting import Wanted, judge, reached
from polyaxon_airflow.store.lifecycle import DONE
from polyaxon_airflow.watching.polling import sentence_of
from polyaxon_airflow.watching.runs import ACTORS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence

    from polyaxon_airflow.events.waiting import Judgement
    from polyaxon_airflow.store import History
    from polyaxon_airflow.watching.polling import Pace, Surroundings

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


async def survey(board: Board, pace: Pace, around: Surroundings) -> AsyncIterator[frozenset[DagRun]]:
    """The DAG runs with waits in them of which more has become known, for ever.

    No error ends it: Airflow would fail all tasks that wait.
    """
    errors = 0
    while True:
        try:
            news = await board.refresh(around)
            errors = 0
        except Exception as error:  # noqa: BLE001 - as said above
            errors, news = errors + 1, frozenset()
            around.tell(f"operations that wait for events: {sentence_of(error)}")
        if news:
            yield news
        await around.sleep(pace.delay(errors, around.chance()))


class Board:
    """The DAG runs that somebody waits in, and how far they are."""

    def __init__(self, ask: AskStates) -> None:
        self.waits: Counter[Wait] = Counter()
        self._ask = ask
        self._progress: dict[DagRun, Progress] = {}
        self._untold: set[DagRun] = set()  # those of which more is known than anybody has been told
        self._newest: datetime | None = None
        self._asked_at = _NEVER

    def join(self, wait: Wait) -> None:
        """A task waits from now on: it is told what is known of its DAG run, which others may have been told before."""
        self.waits[wait] += 1
        self._untold.add(wait.dag_run)

    def leave(self, wait: Wait) -> None:
        """A task waits no more."""
        self.waits[wait] -= 1
        self.waits += Counter()

    def judge(self, wait: Wait) -> Judgement:
        """Whether what a task waits for has come, as far as is known."""
        return self._progress.get(wait.dag_run, Progress()).judge(wait)

    async def refresh(self, around: Surroundings) -> frozenset[DagRun]:
        """Look again; the DAG runs of which more is known than before. Raises StoreError and WatchError.

        What an error has kept from being told is told the next time.
        """
        runs = {wait.dag_run for wait in self.waits}
        self._progress = {run: progress for run, progress in self._progress.items() if run in runs}
        news, self._untold = (self._untold & runs) | (runs - self._progress.keys()), set()
        try:
            newest = await around.do(around.store.runs.last_update)
            news |= await self._read(runs if newest != self._newest else news, around)
            await self._read_states(runs, news, around.clock())
        except BaseException:
            self._untold |= news
            raise
        self._newest = newest
        return frozenset(news)

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

    async def _read_states(self, runs: set[DagRun], news: set[DagRun], now: datetime) -> None:
        """States from Airflow, of the DAG runs that there are `news` of, to which more come, and now and then of all."""
        is_time = now - self._asked_at >= STATES_EVERY
        by_dag: dict[str, list[str]] = defaultdict(list)
        for dag_id, run_id in sorted(runs if is_time else news):
            by_dag[dag_id].append(run_id)
        for dag_id, run_ids in by_dag.items():
            tasks = {task for wait in self.waits if wait.dag_run.dag_id == dag_id for task in wait.task_ids}
            for run_id, states in (await self._ask(dag_id, run_ids, sorted(tasks))).items():
                progress = self._of(DagRun(dag_id, run_id))
                if progress.states != states:
                    progress.states = states
                    news.add(DagRun(dag_id, run_id))
        self._asked_at = now if is_time else self._asked_at

    def _of(self, run: DagRun) -> Progress:
        return self._progress.setdefault(run, Progress())
