"""A run that is a custom resource: its operator makes the pods, and says in its status how it goes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from polyaxon_airflow.runners.base import Outcome
from polyaxon_airflow.runners.kubernetes import pods, watching
from polyaxon_airflow.runners.kubernetes.following import Following, lost
from polyaxon_airflow.runners.kubernetes.pod_run import pods_of
from polyaxon_airflow.runners.kubernetes.resources import kind_of
from polyaxon_airflow.runners.kubernetes.submitting import collection_of
from polyaxon_airflow.runtimes.metadata import LEADER, ROLE_LABEL, UUID_LABEL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from polyaxon_airflow.runners.base import Handle
    from polyaxon_airflow.runners.kubernetes.api import Api, Object
    from polyaxon_airflow.runners.kubernetes.following import Listener, Terms
    from polyaxon_airflow.runners.kubernetes.resources import Verdict
    from polyaxon_airflow.runners.kubernetes.watching import NotThere, Version

CATCH_UP = 3.0  # seconds that the pods may lag behind their operator's verdict


class ResourceRun(Following):
    """Follows a custom resource and its pods; the operator decides, the first leading pod's log is the run's."""

    def __init__(self, api: Api, handle: Handle, listener: Listener, terms: Terms) -> None:
        super().__init__(api, listener, terms, handle["main"])
        self._handle = handle
        self._kind = kind_of(handle)
        self._collection = collection_of(handle, handle["namespace"])
        self._resource: Object | None = None
        self._is_gone = False
        self._leader: str | None = None  # name of the pod whose log is the run's
        self._judged_at: float | None = None  # when the operator's verdict was first seen

    def sources(self) -> Sequence[AsyncIterator[Version | NotThere]]:
        handle, patience = self._handle, self.terms.patience.server
        labels = f"{UUID_LABEL}={handle['uuid']}"
        return [
            watching.one(self.api, self._collection, handle["name"], handle["uid"], patience=patience),
            watching.selected(self.api, pods_of(handle["namespace"]), labels, patience=patience),
        ]

    async def learn(self, version: Version | NotThere) -> None:
        if isinstance(version, watching.NotThere):
            self._is_gone = True
        elif version.object["metadata"]["uid"] == self._handle["uid"]:
            self._resource, self._is_gone = version
            await self.tell(self._kind.read(version.object).reason)
        else:
            await self.learn_pod(version, leads=self._leads(version.object))

    def ended(self) -> Outcome | None:
        verdict = self._kind.read(self._resource) if self._resource is not None else None
        if verdict is not None and verdict.ended is not None:
            return self._as_outcome(verdict) if self._pods_have_caught_up(verdict) else None
        if self._is_gone and self.terms.decided is not None:
            return self.terms.decided
        if self._is_gone:
            by = "it was deleted by something else than Airflow"
            return Outcome("failed", None, f"the {self._kind.kind} vanished before its end: {by}")
        return self.given_up()

    def removed(self) -> bool:
        living = [pod for uid, pod in self._pods.items() if uid not in self._gone and not lost(pod)]
        return self._is_gone and not living

    async def settle(self) -> bool:
        leader = self.helped_pod()
        return leader is None or not self.helped_by(leader)

    def helped_pod(self) -> Object | None:
        return self._named_pods().get(self._leader or "")

    async def remove(self) -> None:
        """The resource first, so that its operator does not make the pods anew."""
        await self.api.delete(f"{self._collection}/{self._handle['name']}", uid=self._handle["uid"])
        for uid, pod in self._pods.items():
            if uid not in self._gone:
                path = f"{pods_of(self._handle['namespace'])}/{pod['metadata']['name']}"
                await self.api.delete(path, uid=uid, grace=self.terms.grace)

    def _leads(self, pod: Object) -> bool:
        """Of the pods of the leading role, the first that is seen; a pod that takes its place has its name."""
        metadata = pod["metadata"]
        if metadata.get("labels", {}).get(ROLE_LABEL) != LEADER:
            return False
        self._leader = self._leader or metadata["name"]
        return bool(metadata["name"] == self._leader)

    def _as_outcome(self, verdict: Verdict) -> Outcome:
        if verdict.ended == "succeeded":
            return Outcome("succeeded", 0)  # the operator has seen the exit codes
        code, why = self._why_failed()
        return Outcome("failed", code, f"the {self._kind.kind} failed: {verdict.reason}{why}")

    def _pods_have_caught_up(self, verdict: Verdict) -> bool:
        """Whether the pods show what the operator has seen of them, or have had the time to.

        They come by a watch of their own; without them the last lines and the exit code would be missing.
        """
        self._judged_at = self._judged_at or time.monotonic()
        late = time.monotonic() - self._judged_at > CATCH_UP
        outcomes = {name: pods.read(pod, self._main).outcome for name, pod in self._named_pods().items()}
        if verdict.ended == "succeeded":
            return late or outcomes.get(self._leader or "") is not None
        return late or any(
            outcome is not None and outcome.status == "failed" for outcome in outcomes.values()
        )

    def _named_pods(self) -> dict[str, Object]:
        """Pods by name; of two that had a name one after the other, the later."""
        return {pod["metadata"]["name"]: pod for pod in self._pods.values()}

    def _why_failed(self) -> tuple[int | None, str]:
        """Exit code and sentence of the pod that failed, the leading one first."""
        ordered = sorted(self._pods.values(), key=lambda pod: pod["metadata"]["name"] != self._leader)
        for pod in ordered:
            outcome = pods.read(pod, self._main).outcome
            if outcome is not None and outcome.status == "failed":
                return outcome.exit_code, f" (pod {pod['metadata']['name']}: {outcome.reason})"
        return None, ""
