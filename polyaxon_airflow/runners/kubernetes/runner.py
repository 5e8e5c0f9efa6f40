"""`KubernetesRunner`: manifests as objects of a cluster."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import MAIN_CONTAINER, Handle, Line, Manifest, Outcome, RunIdentity
from polyaxon_airflow.runners.kubernetes.api import DELAYS, Api
from polyaxon_airflow.runners.kubernetes.following import PATIENCE, Listener, Patience, PodPlace, follow_pod
from polyaxon_airflow.runners.kubernetes.submitting import (
    mark_collected,
    remove_expired,
    removed,
    submit,
    submit_companions,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeVar

    from polyaxon_airflow.runners.kubernetes.api import Connect

    T = TypeVar("T")


@dataclass(frozen=True)
class KubernetesRunner:
    """Runs manifests in one namespace of one cluster. Any process can follow or stop what another submitted."""

    connect: Connect
    namespace: str
    grace: float = 30.0  # seconds between SIGTERM and SIGKILL of a run that is stopped
    patience: Patience = PATIENCE
    delays: Sequence[float] = DELAYS  # seconds between attempts of a request that fails

    def check(self, manifest: Manifest) -> None:
        """Raise PermanentRunnerError for a manifest without an image, or of a kind that nobody here knows."""
        if manifest["kind"] != "pod":
            resource = manifest.get("resource", {})
            raise PermanentRunnerError(f"nobody here knows how to follow a {resource.get('kind')}")
        spec = manifest["pod"]["spec"]
        for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
            if not container.get("image"):
                raise PermanentRunnerError(
                    f"container '{container['name']}' has no image; Kubernetes needs one"
                )

    def submit(self, manifest: Manifest, run: RunIdentity) -> Handle:
        """See `Runner.submit`. The handle names the object and its uid, for any later process."""
        self.check(manifest)
        return self._run(lambda api: self.submit_async(api, manifest, run))

    def follow(
        self,
        handle: Handle,
        *,
        on_lines: Callable[[Sequence[Line]], None],
        should_stop: Callable[[], str | None],
        interval: float = 0.5,
    ) -> Outcome:
        """See `Runner.follow`. What has ended stays in the cluster until `clean`."""

        async def lines(batch: Sequence[Line]) -> None:
            on_lines(batch)

        async def stop() -> str | None:
            return should_stop()

        async def state(_: str) -> None:
            return None

        listener = Listener(lines, stop, state, interval)
        return self._run(lambda api: self.follow_async(api, handle, listener))

    def stop(self, handle: Handle, *, grace: float) -> None:
        """See `Runner.stop`."""
        self._run(lambda api: self.stop_async(api, handle, grace=grace))

    def clean(self, handle: Handle, *, keep: float = 0) -> None:
        """See `Runner.clean`. What is to be kept is removed by a later call, of any run of the namespace."""
        self._run(lambda api: self.clean_async(api, handle, keep=keep))

    async def submit_async(self, api: Api, manifest: Manifest, run: RunIdentity) -> Handle:
        found = await submit(api, self._pods, manifest["pod"], run.uuid)
        await submit_companions(api, self.namespace, manifest.get("companions", ()), found)
        names = {key: found["metadata"][key] for key in ("namespace", "name", "uid")}
        return {"runner": "kubernetes", "uuid": run.uuid, "kind": "pod", **names}

    async def follow_async(self, api: Api, handle: Handle, listener: Listener) -> Outcome:
        return await follow_pod(api, place(handle), listener, grace=self.grace, patience=self.patience)

    async def stop_async(self, api: Api, handle: Handle, *, grace: float) -> None:
        path = place(handle).path
        found = await api.find(path)
        if found is not None and found["metadata"]["uid"] == handle["uid"]:
            await removed(api, path, found, grace)

    async def clean_async(self, api: Api, handle: Handle, *, keep: float) -> None:
        path = place(handle).path
        if keep > 0:
            await mark_collected(api, path, handle["uid"], expires=time.time() + keep)
        else:
            await api.delete(path, uid=handle["uid"])
        await remove_expired(api, self._pods, now=time.time())

    @property
    def _pods(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods"

    def _run(self, work: Callable[[Api], Awaitable[T]]) -> T:
        async def connected() -> T:
            async with Api(self.connect, delays=self.delays) as api:
                return await work(api)

        return asyncio.run(connected())


def place(handle: Handle) -> PodPlace:
    return PodPlace(handle["namespace"], handle["name"], handle["uid"], MAIN_CONTAINER)
