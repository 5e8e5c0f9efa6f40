"""The DAG beside a polyaxonfile's own that starts its runs when events happen.

Airflow's assets carry a wake-up, not an event: several become one run, and a run cannot be named after its cause. So
the assets, with the watchers behind them, start this small DAG, and its one task starts a run an event.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Asset, AssetAny, AssetWatcher

from polyaxon_airflow.events.watches import coalesces, watch_of
from polyaxon_airflow.operators.dispatch import DispatchOperator
from polyaxon_airflow.timetables.evented import EventTimetable
from polyaxon_airflow.triggers.watch import WatchTrigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyaxon_airflow.events.watches import Watch

TASK = "dispatch"
RETRIES = 20  # with growing pauses: some hours, in which a broken file may be mended


def dispatcher_id(dag_id: str) -> str:
    """A name that no polyaxonfile can have, since theirs hold no dot."""
    return f"{dag_id}.events"


def dispatcher_of(dag_id: str, events: Sequence[Mapping[str, Any]]) -> DAG:
    """The dispatcher of a polyaxonfile with these `events`, each `{kinds, ref}` as in YAML.

    Raises ValueError with a sentence for an event that nothing can notice.
    """
    watches = {
        watch: coalesces(event["ref"])
        for event in events
        for watch in [watch_of(event["kinds"], event["ref"])]
    }
    with DAG(
        dispatcher_id(dag_id),
        description=f"Starts a run of {dag_id} {summary_of(events)}",
        schedule=AssetAny(*map(_asset, watches)),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["polyaxon-events"],
        auto_register=False,
    ) as dag:
        DispatchOperator(
            task_id=TASK,
            target=dag_id,
            watches=[{**watch.to_dict(), "coalesce": coalesce} for watch, coalesce in watches.items()],
            retries=RETRIES,
            retry_delay=timedelta(seconds=10),
            retry_exponential_backoff=True,
            max_retry_delay=timedelta(minutes=30),
        )
    return dag


def event_timetable(events: Sequence[Mapping[str, Any]]) -> EventTimetable:
    """What the polyaxonfile's own DAG shows for its schedule."""
    return EventTimetable(summary_of(events))


def summary_of(events: Sequence[Mapping[str, Any]]) -> str:
    """Events in words: `on connection_git_commit of connections.code?branch=main`."""
    return "on " + ", ".join(f"{' or '.join(event['kinds'])} of {event['ref']}" for event in events)


def _asset(watch: Watch) -> Asset:
    if watch.family.name == "custom":
        return Asset(name=watch.name, uri=watch.uri)
    watcher = AssetWatcher(name=watch.name, trigger=WatchTrigger(**watch.to_dict()))
    return Asset(name=watch.name, uri=watch.uri, watchers=[watcher])
