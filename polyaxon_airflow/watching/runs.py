"""What other runs do, from the run store: statuses, metrics that cross a threshold, artifacts, approvals.

    runs.UUID                               one run
    dags.train                              the runs of a polyaxonfile as a whole
    runs?query=project:fraud, tags:nightly  what a query finds; `dags.train?query=...` both

`alert_*` and `model_version_new_metric` are about runs that begin to match a query, as `metrics.val_auc:<0.8`: once when
they do, and again only after they did not. It is the last value of a metric that is compared, at each poll.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from polyaxon_airflow.errors import QueryError, StoreError, WatchError
from polyaxon_airflow.events.families import STATUS
from polyaxon_airflow.events.patterns import Pattern
from polyaxon_airflow.events.watches import Occurrence, Watch
from polyaxon_airflow.store.lifecycle import DONE
from polyaxon_airflow.watching import Step
from polyaxon_airflow.watching.marks import mark, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from polyaxon_airflow.store import Artifact, Run, RunStore

# Clocks of workers differ, and a transaction shows up after the time that is written in it.
LATE = timedelta(minutes=2)
_NEVER = datetime.fromtimestamp(0, timezone.utc)
_STRIDE = timedelta(
    minutes=10
)  # how far a cursor may stay behind where nothing happens, to spare the store writes
# What a run's `meta` tells of people: when they did it, and who it was.
ACTORS = {
    "run_approved_actor": ("approved_at", "approved_by"),
    "run_invalidated_actor": ("invalidated_at", "invalidated_by"),
}


class RunsSource:
    """The runs in a store."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._last: datetime | Literal["not looked"] | None = "not looked"

    def look(self, watches: Collection[Watch], now: datetime) -> RunsView:  # noqa: ARG002 - one question for all
        try:
            newest = self._store.runs.last_update()
        except StoreError as error:
            raise WatchError(str(error)) from error
        is_same, self._last = newest == self._last, newest
        return RunsView(self._store, now, newest or _NEVER, is_same=is_same)

    def close(self) -> None:
        self._last = "not looked"


@dataclass(frozen=True)
class RunsView:
    """The store at one moment."""

    store: RunStore
    now: datetime
    newest: datetime  # when a run was updated last; clocks of workers tell, so no other clock is compared
    is_same: bool  # as the view before

    def is_same_for(self, watch: Watch) -> bool:  # noqa: ARG002 - any run may matter to any watch
        return self.is_same

    def step(self, watch: Watch, cursor: Any) -> Step | None:
        family: type[_Runs] = {"status": Statuses, "metric": Crossings, "run": Facts}[watch.family.name]
        try:
            return family(self, watch).step(cursor)
        except QueryError as error:
            raise WatchError(f"the query of '{watch.ref}' cannot be read: {error}") from error
        except StoreError as error:
            raise WatchError(str(error)) from error


@dataclass(frozen=True)
class _Runs(ABC):
    """The runs that a watch is about, as a view shows them."""

    view: RunsView
    watch: Watch

    @abstractmethod
    def step(self, cursor: Any) -> Step | None:
        """What is new since a cursor."""

    def find(self, *more: str) -> list[Run]:
        """Those that also match some queries, in the order of their last updates."""
        query = " AND ".join(f"({text})" for text in (*self._queries(), *more)) or None
        return self.view.store.runs.find(query, sort="updated_at", at=self.view.now, dag_id=self.dag_id)

    @property
    def dag_id(self) -> str | None:
        return self.watch.ref.name if self.watch.ref.about == "dags" else None

    @property
    def query(self) -> str | None:
        return " AND ".join(f"({text})" for text in self._queries()) or None

    def _queries(self) -> list[str]:
        ref = self.watch.ref
        own = [f"uuid:{ref.name.replace('-', '')}"] if ref.about == "runs" and ref.name else []
        return [*own, *ref.options.get("query", ())]

    def moved(
        self, cursor: Mapping[str, Any], occurrences: Iterable[Occurrence], more: Mapping[str, Any]
    ) -> Step | None:
        """A step, unless nothing has happened and the cursor is near enough."""
        found, since = tuple(occurrences), datetime.fromisoformat(cursor["since"])
        after = {**cursor, **more, "since": max(self.view.newest, since).isoformat()}
        if not found and {**after, "since": cursor["since"]} == cursor and self.view.newest - since < _STRIDE:
            return None
        return Step(found, after)


class Statuses(_Runs):
    """`run_status_*`: each time that a run comes to one of the statuses."""

    def step(self, cursor: Any) -> Step | None:
        if cursor is None:
            return Step(
                (),
                {"from": self.view.newest.isoformat(), "since": self.view.newest.isoformat(), "recent": ""},
            )
        begin, since = (datetime.fromisoformat(cursor[name]) for name in ("from", "since"))
        reached = self.view.store.runs.reached(
            _statuses(self.watch.kinds),
            since=since - LATE,
            at=self.view.now,
            query=self.query,
            dag_id=self.dag_id,
        )
        found = {
            f"{run.uuid}:{at.status}:{at.since.isoformat()}": (run, at)
            for run, at in reached
            if at.since > begin
        }
        recent = unpack(cursor["recent"])
        occurrences = [
            Occurrence(
                key,
                f"{STATUS}{at.status}",
                f"{run.name}-{at.status}",
                {**_facts(run), "status": at.status, "reason": at.reason, "at": at.since.isoformat()},
            )
            for key, (run, at) in found.items()
            if mark(key) not in recent
        ]
        return self.moved(cursor, occurrences, {"recent": pack(frozenset(map(mark, found)))})


class Crossings(_Runs):
    """`alert_*` and `model_version_new_metric`: each time that a run begins to match the query."""

    def step(self, cursor: Any) -> Step | None:
        if cursor is None:
            runs = self.find()
            start = {
                "since": self.view.newest.isoformat(),
                "matching": pack({mark(run.uuid) for run in runs}),
            }
            return Step(tuple(map(self._occurrence, runs)) if self.watch.wants_existing else (), start)
        since = datetime.fromisoformat(cursor["since"]) - LATE
        known, runs = unpack(cursor["matching"]), self.find(_updated(since))
        matching = {mark(run.uuid) for run in runs}
        others = {mark(uuid) for uuid in self.view.store.runs.updated_since(since)} - matching
        occurrences = [self._occurrence(run) for run in runs if mark(run.uuid) not in known]
        return self.moved(cursor, occurrences, {"matching": pack((known | matching) - others)})

    def _occurrence(self, run: Run) -> Occurrence:
        at = (run.updated_at or self.view.now).isoformat()
        data = {**_facts(run), "query": self.watch.ref.option("query"), "at": at}
        return Occurrence(f"{run.uuid}@{at}", self.watch.kinds[0], run.name, data)


class Facts(_Runs):
    """`run_new_artifacts`, `run_approved_actor`, `run_invalidated_actor`: what is written of a run while it goes on.

    Artifacts are noticed when their run is next updated, at the latest when it ends.
    """

    def step(self, cursor: Any) -> Step | None:
        if cursor is None:
            going_on = " AND ".join(f"status:~{status}" for status in sorted(DONE))
            old = {mark(one.key) for run in self.find(going_on) for one in self._of(run)}
            start = self.view.newest.isoformat()
            return Step((), {"from": start, "since": start, "seen": pack(old)})
        begin, seen = datetime.fromisoformat(cursor["from"]), unpack(cursor["seen"])
        runs = self.find(_updated(datetime.fromisoformat(cursor["since"]) - LATE))
        found = [one for run in runs if run.updated_at and run.updated_at > begin for one in self._of(run)]
        fresh = [one for one in found if mark(one.key) not in seen]
        return self.moved(cursor, fresh, {"seen": pack(seen | {mark(one.key) for one in fresh})})

    def _of(self, run: Run) -> list[Occurrence]:
        found = [
            self._of_actor(run, kind) for kind in self.watch.kinds if run.meta.get(ACTORS.get(kind, ("",))[0])
        ]
        if "run_new_artifacts" in self.watch.kinds:
            found += [self._of_artifact(run, artifact) for artifact in self._artifacts(run)]
        return found

    def _artifacts(self, run: Run) -> list[Artifact]:
        patterns = [Pattern(text) for text in self.watch.ref.options.get("artifact", ("**",))]
        artifacts = self.view.store.lineage.artifacts(run.uuid)
        return [
            artifact
            for artifact in artifacts
            if not artifact.is_input and any(pattern.match(artifact.name) is not None for pattern in patterns)
        ]

    @staticmethod
    def _of_actor(run: Run, kind: str) -> Occurrence:
        when, who = ACTORS[kind]
        at = str(run.meta[when])
        return Occurrence(
            f"{run.uuid}:{kind}:{at}", kind, run.name, {**_facts(run), "actor": run.meta.get(who), "at": at}
        )

    @staticmethod
    def _of_artifact(run: Run, artifact: Artifact) -> Occurrence:
        told = {"artifact": artifact.name, "kind_of_artifact": artifact.kind, "path": artifact.path}
        key = f"{run.uuid}:{artifact.name}:{artifact.path}"
        return Occurrence(
            key,
            "run_new_artifacts",
            f"{run.name}-{artifact.name}",
            {**_facts(run), **told, "summary": dict(artifact.summary)},
        )


def _statuses(kinds: Iterable[str]) -> frozenset[str]:
    """The statuses of kinds; `done` is any final one."""
    named = {kind.removeprefix(STATUS) for kind in kinds}
    return frozenset(named - {"done"} | (DONE if "done" in named else set()))


def _facts(run: Run) -> dict[str, Any]:
    return {
        "run": run.uuid,
        "name": run.name,
        "project": run.project,
        "dag_id": run.dag_id,
        "dag_run_id": run.dag_run_id,
        "status": run.status,
        "inputs": dict(run.inputs),
        "outputs": dict(run.outputs),
    }


def _updated(since: datetime) -> str:
    return f"updated_at:>={since.isoformat()}"
