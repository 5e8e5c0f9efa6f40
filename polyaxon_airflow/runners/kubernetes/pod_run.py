"""A run that is one pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.runners.base import MAIN_CONTAINER, Outcome
from polyaxon_airflow.runners.kubernetes import pods, watching
from polyaxon_airflow.runners.kubernetes.following import Following, lost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from polyaxon_airflow.runners.base import Handle
    from polyaxon_airflow.runners.kubernetes.api import Api, Object
    from polyaxon_airflow.runners.kubernetes.following import Listener, Terms
    from polyaxon_airflow.runners.kubernetes.watching import NotThere, Version


class PodRun(Following):
    """Follows a pod; its main container decides."""

    def __init__(self, api: Api, handle: Handle, listener: Listener, terms: Terms) -> None:
        super().__init__(api, listener, terms, MAIN_CONTAINER)
        self._handle = handle
        self._pod: Object | None = None
        self._is_gone = False
        self._asked_to_end = False

    def sources(self) -> Sequence[AsyncIterator[Version | NotThere]]:
        collection, patience = pods_of(self._handle["namespace"]), self.terms.patience.server
        return [
            watching.one(self.api, collection, self._handle["name"], self._handle["uid"], patience=patience)
        ]

    async def learn(self, version: Version | NotThere) -> None:
        if isinstance(version, watching.NotThere):
            self._is_gone = True
            return
        self._pod, self._is_gone = version
        await self.learn_pod(version, leads=True)

    def ended(self) -> Outcome | None:
        if self._is_gone:
            return self.terms.decided or pods.vanished(self._pod, MAIN_CONTAINER)
        if self._pod is None:
            return None
        if (outcome := pods.read(self._pod, MAIN_CONTAINER).outcome) is not None:
            return outcome
        if lost(self._pod):
            node = self._pod["spec"].get("nodeName")
            return Outcome(
                "failed", None, f"the pod was deleted, but its node '{node}' does not confirm its end"
            )
        return self.given_up()

    def removed(self) -> bool:
        return self._is_gone or (self._pod is not None and lost(self._pod))

    async def settle(self) -> bool:
        """Helpers end when the pod's own containers have; sidecars of the user may have to be asked to."""
        if self._is_gone or self._pod is None or not self.helped_by(self._pod):
            return True
        own = {container["name"] for container in self._pod["spec"]["containers"]}
        if not own <= pods.read(self._pod, MAIN_CONTAINER).ended and not self._asked_to_end:
            self._asked_to_end = True
            await self.remove()
        return False

    def helped_pod(self) -> Object | None:
        return self._pod

    async def remove(self) -> None:
        path = f"{pods_of(self._handle['namespace'])}/{self._handle['name']}"
        await self.api.delete(path, uid=self._handle["uid"], grace=self.terms.grace)


def pods_of(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"
