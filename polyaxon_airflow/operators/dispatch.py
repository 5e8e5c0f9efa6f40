"""`DispatchOperator`: the task that turns events into runs of a polyaxonfile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowRuntimeError

from polyaxon_airflow.clock import now
from polyaxon_airflow.configuration import run_store
from polyaxon_airflow.events.watches import Watch
from polyaxon_airflow.watching.dispatching import Dispatched, Dispatcher, Post, RefusedRunError
from polyaxon_airflow.watching.overview import overview, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from airflow.sdk.definitions.context import Context
    from airflow.sdk.execution_time.comms import AssetEventsResult

    from polyaxon_airflow.store import RunStore


class DispatchOperator(BaseOperator):
    """Starts a run of `target` for each event that was noticed since the last time; returns their run ids.

    Wake-ups may come in any number and order: what has to be done stands in the store, and in Airflow's own table of
    asset events for custom ones.
    """

    def __init__(self, *, target: str, watches: Sequence[dict[str, Any]], **kwargs: Any) -> None:
        """`watches`: `Watch.to_dict()` each, with `coalesce` where one run is to stand for many events."""
        super().__init__(**kwargs)
        self.target = target
        self.watches = list(watches)

    def execute(self, context: Context) -> list[str]:
        """Dispatch all watches. Fails, after everything else is done, if a run can never be."""
        done = Dispatched()
        with run_store() as store:
            for given in self.watches:
                found = self._dispatch(store, context, given)
                done.started += found.started
                done.refused += found.refused
            self._tell(store)
        self.log.info("started %d runs of %s", len(done.started), self.target)
        if done.refused:
            raise AirflowFailException(f"{self.target} does not take these events: {'; '.join(done.refused)}")
        return done.started

    def _dispatch(self, store: RunStore, context: Context, given: dict[str, Any]) -> Dispatched:
        watch = Watch.from_dict(given)
        dispatcher = Dispatcher(store, watch, self.target, self._start, coalesce=bool(given.get("coalesce")))
        wakes = _events_that_woke(context, watch)
        if watch.family.name == "custom":
            return dispatcher.dispatch_posts(
                min((event.timestamp for event in wakes), default=None), lambda since: _posts(watch, since)
            )
        payloads = [(event.extra or {}).get("payload") or {} for event in wakes]
        return dispatcher.dispatch(
            min((wake["first"] for wake in payloads if wake.get("first")), default=None)
        )

    def _tell(self, store: RunStore) -> None:
        """How the watches are doing, as `polyaxon-airflow events ls` says it."""
        for line in overview(store, {Watch.from_dict(given).name for given in self.watches}):
            self.log.info("%s", "\n".join(texts(line, now())))

    def _start(self, run_id: str, conf: dict[str, Any], note: str) -> bool:
        from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        self.log.info("%s, run %s", note, run_id)
        try:
            answer = SUPERVISOR_COMMS.send(
                TriggerDagRun(dag_id=self.target, run_id=run_id, conf=conf, reset_dag_run=False, note=note)
            )
        except AirflowRuntimeError as error:
            if _is_refusal(error):
                raise RefusedRunError(_reason(error)) from error
            raise
        return not isinstance(answer, ErrorResponse)  # a run of that id: an earlier attempt asked for it


def _events_that_woke(context: Context, watch: Watch) -> list[Any]:
    found = context["triggering_asset_events"]
    return [
        event
        for asset, events in found.items()
        if getattr(asset, "uri", None) == watch.uri
        for event in events
    ]


def _posts(watch: Watch, since: datetime) -> Iterator[Post]:
    from airflow.sdk.execution_time.comms import GetAssetEventByAsset
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    asked = GetAssetEventByAsset(name=watch.name, uri=watch.uri, after=since)
    for event in cast(
        "AssetEventsResult", SUPERVISOR_COMMS.send(asked)
    ).asset_events:  # it raises what is an error
        yield Post(event.id, event.timestamp, dict(event.extra or {}))


def _is_refusal(error: AirflowRuntimeError) -> bool:
    """Whether Airflow takes no such run; a DAG that is broken or away at the moment is worth another try."""
    return _told(error).get("reason") in {"value_error", "denied_run_type"}


def _reason(error: AirflowRuntimeError) -> str:
    return str(_told(error).get("message") or error)


def _told(error: AirflowRuntimeError) -> dict[str, Any]:
    """`{reason, message}` out of the answer of Airflow's API."""
    found: Any = error.error.detail
    while isinstance(found, dict) and "reason" not in found:
        found = found.get("detail")
    return found if isinstance(found, dict) else {}
