"""One poll after another: with jitter, so that a thousand watchers do not knock at once; with backoff, so that one that
is refused does not knock for ever as often.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, TypeVar

from polyaxon_airflow.errors import PolyaxonAirflowError, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection

    from polyaxon_airflow.events.watches import Watch
    from polyaxon_airflow.store import RunStore
    from polyaxon_airflow.watching import Source, View

Result = TypeVar("Result")


@dataclass(frozen=True)
class Pace:
    """How often a source is looked at."""

    every: float = 60.0  # seconds between two polls
    jitter: float = 0.1  # of `every`, at most, more or less
    longest: float = 600.0  # seconds between two polls that fail, at most

    def delay(self, errors: int, chance: float) -> float:
        """Seconds to the next poll after `errors` failures in a row; `chance` is from [0, 1).

        >>> [Pace(60, jitter=0).delay(errors, 0.5) for errors in range(6)]
        [60.0, 60.0, 120.0, 240.0, 480.0, 600.0]
        """
        length = self.every * 2.0 ** min(max(0, errors - 1), 30)
        return min(length, max(self.longest, self.every)) * (1 + self.jitter * (2 * chance - 1))


@dataclass(frozen=True)
class Surroundings:
    """What polls need of the process that they run in."""

    store: RunStore
    call: Callable[[Callable[[], object]], Awaitable[object]]  # runs a blocking function in a thread
    tell: Callable[[str], None]  # a line for the log
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(timezone.utc))
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    async def do(self, function: Callable[[], Result]) -> Result:
        """The result of a blocking function."""
        return await self.call(function)  # type: ignore[return-value]


@dataclass(frozen=True)
class Seen:
    """A view, and the watches that it was made for: for any other it may lack what that watch is about."""

    view: View
    watches: frozenset[Watch]
    is_reset: bool = False  # whether a watch may have been told to begin again (`begin_again`)


async def poll(
    name: str,
    open_source: Callable[[], Source],
    watches: Callable[[], Collection[Watch]],
    pace: Pace,
    around: Surroundings,
) -> AsyncIterator[Seen]:
    """The views of a source, for ever. What goes wrong is written under `name` in the store's cursors, and tried again.

    A source is opened anew after it has failed: its connection may have been mended. An error that nobody foresaw is no
    other: if it ended the polls, Airflow would begin all of the stream's triggers again, every second.
    """
    source: Source | None = None
    errors, resets, is_reset = 0, None, False
    try:
        while True:
            error: str | None = None
            try:
                opened = source if source is not None else await around.do(open_source)
                source = opened
                wanted, now = frozenset(watches()), around.clock()
                view = await around.do(lambda: opened.look(wanted, now))  # noqa: B023 - awaited at once
                yield Seen(view, wanted, is_reset)
                errors, is_reset = 0, False
            except Exception as found:  # noqa: BLE001 - as said above
                error, errors = sentence_of(found), errors + 1
                around.tell(f"{name}: {error}")
                _close(source)
                source = None
            delay = pace.delay(errors, around.chance())
            before, resets = resets, await _note(name, delay, error, around, resets)
            is_reset = is_reset or resets != before
            await around.sleep(delay)
    finally:
        _close(source)


def sentence_of(error: Exception) -> str:
    """What is wrong, for a person; of an error that is no sentence also its kind, and where it was raised."""
    if isinstance(error, PolyaxonAirflowError):
        return str(error)
    last = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def _close(source: Source | None) -> None:
    if source is not None:
        source.close()


async def _note(name: str, delay: float, error: str | None, around: Surroundings, resets: object) -> object:
    """Write how the poll went; when a watch of the stream was last told to begin again, as `resets` if it was not."""
    now = around.clock()
    try:
        return await around.do(
            lambda: around.store.cursors.polled(
                name, at=now, next_poll_at=now + timedelta(seconds=delay), error=error
            )
        )
    except StoreError as found:
        around.tell(f"{name}: {found}")
        return resets
