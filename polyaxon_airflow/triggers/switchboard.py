"""What the triggers of one triggerer process share: the store, threads, and the watches of each stream."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from polyaxon_airflow.configuration import catalogue, run_store, setting, state_folder
from polyaxon_airflow.connections.secrets import Secrets, account_of
from polyaxon_airflow.errors import PolyaxonAirflowError, WatchError
from polyaxon_airflow.watching import Place
from polyaxon_airflow.watching.following import Follower
from polyaxon_airflow.watching.polling import Pace, Surroundings, poll
from polyaxon_airflow.watching.sources import open_source, stream_of
from polyaxon_airflow.watching.waits import Board, survey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
    from typing import Any

    from polyaxon_airflow.events.waiting import Judgement
    from polyaxon_airflow.events.watches import Watch
    from polyaxon_airflow.store import RunStore
    from polyaxon_airflow.watching.polling import Seen
    from polyaxon_airflow.watching.waits import DagRun, Wait

log = logging.getLogger(__name__)

THREADS = 8  # polls and store transactions at once, whatever the number of watches
PATIENCE = 60.0  # seconds for an answer of Airflow: a question that it does not know is never answered
GATHER = 1.0  # seconds in which newcomers gather for a poll of their own: a triggerer starts its triggers one by one


class Bell:
    """A sleep that newcomers end."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def pause(self, seconds: float) -> None:
        """Sleep; less, if somebody rings."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except asyncio.TimeoutError:
            return
        await asyncio.sleep(min(GATHER, seconds))
        self._rung.clear()


class Stream:
    """The watches that look together."""

    def __init__(self) -> None:
        self.watches: Counter[Watch] = Counter()
        self.bell = Bell()

    def join(self, watch: Watch) -> None:
        self.watches[watch] += 1
        self.bell.ring()

    def leave(self, watch: Watch) -> None:
        self.watches[watch] -= 1
        self.watches += Counter()  # without those that nobody watches any more


class Switchboard:
    """One a process. `poll` is called once for all watches of a stream, `follow` once a watch; `survey` once for all
    waits, and `wait` once for each.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="polyaxon-watch")
        self._streams: dict[str, Stream] = {}
        self._bell = Bell()
        self._board = Board(_ask_states)
        self._opening = Lock()
        self._opened: RunStore | None = None

    async def poll(self, watch: Watch) -> AsyncIterator[Seen]:
        """Everything that is seen for the stream of a watch."""
        name = stream_of(watch)
        stream = self._stream(name)
        around = await self._around(stream.bell.pause)
        async for seen in poll(
            name,
            lambda: open_source(
                watch, place=place_of, store=around.store, folder=state_folder() / "watching"
            ),
            lambda: stream.watches,
            _pace("event_poll_interval", "60", watch.every),
            around,
        ):
            yield seen

    async def follow(self, watch: Watch, seen: AsyncIterator[Seen]) -> AsyncIterator[dict[str, Any]]:
        """The wake-ups of a watch, out of what is seen for its stream."""
        stream = self._stream(stream_of(watch))
        stream.join(watch)
        try:
            around = await self._around(stream.bell.pause)
            async for wake in Follower(watch, around).follow(seen):
                yield wake
        finally:
            stream.leave(watch)

    async def survey(self) -> AsyncIterator[frozenset[DagRun]]:
        """The DAG runs with waits in them of which more has become known, for ever."""
        around = await self._around(self._bell.pause)
        async for news in survey(self._board, _pace("event_wait_interval", "5"), around):
            yield news

    async def wait(self, wait: Wait, news: AsyncIterator[frozenset[DagRun]]) -> Judgement:
        """How a wait has ended."""
        self._board.join(wait)
        self._bell.ring()
        try:
            async for runs in news:
                if wait.dag_run in runs and (judgement := self._board.judge(wait)).state != "wait":
                    return judgement
        finally:
            self._board.leave(wait)
        raise WatchError("nobody looks at runs any more")  # Airflow then restarts the trigger

    def _stream(self, name: str) -> Stream:
        return self._streams.setdefault(name, Stream())

    async def _around(self, pause: Callable[[float], Awaitable[None]]) -> Surroundings:
        return Surroundings(await self._call(self._store), call=self._call, tell=log.warning, sleep=pause)

    async def _call(self, function: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def _store(self) -> RunStore:
        with self._opening:
            self._opened = self._opened or run_store()
            return self._opened


@cache
def switchboard() -> Switchboard:
    """That of this process."""
    return Switchboard()


def place_of(name: str) -> Place:
    """What a connection of the catalogue is, with its secrets. Blocks. Raises WatchError."""
    try:
        found = catalogue()
        entry = next((entry for entry in found.entries if entry.name == name), None)
        if entry is None:
            raise WatchError(str(found.unknown(name)))
        return Place.of(entry, Secrets(found, _account, _hide).of(entry))
    except PolyaxonAirflowError as error:
        raise WatchError(str(error)) from error


def _account(conn_id: str) -> Any:
    from airflow.sdk import BaseHook

    return account_of(BaseHook.get_connection(conn_id))


def _hide(text: str) -> None:
    from airflow.sdk.log import mask_secret

    mask_secret(text)


def _pace(interval: str, default: str, every: float | None = None) -> Pace:
    return Pace(
        every=every or float(setting(interval, default)),
        jitter=float(setting("event_poll_jitter", "0.1")),
        longest=float(setting("event_poll_backoff", "600")),
    )


async def _ask_states(
    dag_id: str, run_ids: Collection[str], task_ids: Collection[str]
) -> Mapping[str, Mapping[str, str | None]]:
    from airflow.sdk.execution_time.comms import GetTaskStates, TaskStatesResult
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    question = GetTaskStates(dag_id=dag_id, run_ids=list(run_ids), task_ids=list(task_ids))
    answer = await asyncio.wait_for(SUPERVISOR_COMMS.asend(question), PATIENCE)
    if not isinstance(answer, TaskStatesResult):
        raise WatchError(f"Airflow does not tell the states of the tasks of {dag_id}: {answer}")
    return {run_id: answer.task_states.get(run_id, {}) for run_id in run_ids}
