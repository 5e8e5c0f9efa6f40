"""`KubernetesRunner`: manifests as objects of a cluster."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import MAIN_CONTAINER, no_secrets
from polyaxon_airflow.runners.kubernetes.api import DELAYS, Api
from polyaxon_airflow.runners.kubernetes.following import PATIENCE, Listener, Patience, Terms
from polyaxon_airflow.runners.kubernetes.pod_run import PodRun, pods_of
from polyaxon_airflow.runners.kubernetes.resource_run import ResourceRun
from polyaxon_airflow.runners.kubernetes.resources import kind_of, missing
from polyaxon_airflow.runners.kubernetes.secrets import give_to, put_secrets, with_secrets_of_its_own
from polyaxon_airflow.runners.kubernetes.submitting import (
    collection_of,
    mark_collected,
    remove_expired,
    removed,
    submit,
    submit_companions,
)
from polyaxon_airflow.runtimes.metadata import UUID_LABEL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeVar

    from polyaxon_airflow.runners.base import Handle, Line, Manifest, Outcome, Provided, RunIdentity
    from polyaxon_airflow.runners.kubernetes.api import Connect, Object

    T = TypeVar("T")


@dataclass(frozen=True)
class KubernetesRunner:
    """Runs manifests in one namespace of one cluster. Any process can follow or stop what another submitted."""

    connect: Connect
    namespace: str
    grace: float = 30.0  # seconds between SIGTERM and SIGKILL of a run that is stopped
    patience: Patience = PATIENCE
    delays: Sequence[float] = DELAYS  # seconds between attempts of a request that fails
    secrets: Provided = no_secrets  # where the items of secrets come from that stand for Airflow connections

    def check(self, manifest: Manifest) -> None:
        """Raise PermanentRunnerError for a pod without an image, or a kind that nobody here knows how to follow."""
        if manifest["kind"] != "pod":
            for candidate in _candidates(manifest):
                kind_of(candidate["resource"])
            return
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

        async def ready() -> None:
            return None

        async def decided(_: Outcome) -> None:
            return None

        listener = Listener(lines, stop, state, ready, decided, interval)
        return self._run(lambda api: self.follow_async(api, handle, listener))

    def stop(self, handle: Handle, *, grace: float) -> None:
        """See `Runner.stop`. A run of another runner is none of ours."""
        if handle["runner"] != "kubernetes":
            return
        self._run(lambda api: self.stop_async(api, handle, grace=grace))

    def delete(self, handle: Handle) -> None:
        """As `stop`, but the end is not waited for."""
        self._run(lambda api: self.delete_async(api, handle))

    def clean(self, handle: Handle, *, keep: float = 0) -> None:
        """See `Runner.clean`. What is kept goes by a later call without `keep`, or by one with it for another run there."""
        self._run(lambda api: self.clean_async(api, handle, keep=keep))

    async def submit_async(self, api: Api, manifest: Manifest, run: RunIdentity) -> Handle:
        """As `submit`, for an event loop."""
        named, main = await self._served(api, manifest, run)
        body, secrets = with_secrets_of_its_own(named, run.uuid, self.secrets)
        await put_secrets(api, self.namespace, secrets)
        found = await submit(api, collection_of(body, self.namespace), body, run.uuid)
        await give_to(api, self.namespace, secrets, found)
        await submit_companions(api, self.namespace, manifest.get("companions", ()), found)
        names = {key: found["metadata"][key] for key in ("namespace", "name", "uid")}
        kind = {key: found[key] for key in ("apiVersion", "kind")}
        return {"runner": "kubernetes", "uuid": run.uuid, "main": main, **kind, **names}

    async def follow_async(
        self, api: Api, handle: Handle, listener: Listener, *, decided: Outcome | None = None
    ) -> Outcome:
        """As `follow`, for an event loop. `decided`: the outcome, if an earlier follower has seen it."""
        terms = Terms(self.grace, self.patience, decided=decided)
        following = PodRun if handle["kind"] == "Pod" else ResourceRun
        return await following(api, handle, listener, terms).run()

    async def stop_async(self, api: Api, handle: Handle, *, grace: float) -> None:
        path = _path(handle)
        found = await api.find(path)
        if found is not None and found["metadata"]["uid"] == handle["uid"]:
            await removed(api, path, found, grace)
        pods = await api.get(
            pods_of(handle["namespace"]), {"labelSelector": f"{UUID_LABEL}={handle['uuid']}"}
        )
        for pod in pods["items"]:
            await removed(api, f"{pods_of(handle['namespace'])}/{pod['metadata']['name']}", pod, grace)

    async def delete_async(self, api: Api, handle: Handle) -> None:
        """As `delete`, for an event loop."""
        await api.delete(_path(handle), uid=handle["uid"], grace=self.grace)
        pods = await api.get(
            pods_of(handle["namespace"]), {"labelSelector": f"{UUID_LABEL}={handle['uuid']}"}
        )
        for pod in pods["items"]:
            path = f"{pods_of(handle['namespace'])}/{pod['metadata']['name']}"
            await api.delete(path, uid=pod["metadata"]["uid"], grace=self.grace)

    async def clean_async(self, api: Api, handle: Handle, *, keep: float) -> None:
        path = _path(handle)
        if keep > 0:
            await mark_collected(api, path, handle["uid"], expires=time.time() + keep)
            await remove_expired(api, path.rpartition("/")[0], now=time.time())
        else:
            await api.delete(path, uid=handle["uid"])

    async def _served(self, api: Api, manifest: Manifest, run: RunIdentity) -> tuple[Object, str]:
        """The object that a run becomes, in the first form that the cluster has, and its main container.

        Raises PermanentRunnerError, naming what to install.
        """
        if manifest["kind"] == "pod":
            return {"apiVersion": "v1", "kind": "Pod", **manifest["pod"]}, MAIN_CONTAINER
        for candidate in _candidates(manifest):
            kind = kind_of(candidate["resource"])
            served = await api.find(f"/apis/{kind.api_version}") or {}
            if any(known["name"] == kind.plural for known in served.get("resources", ())):
                return candidate["resource"], candidate["main"]
        raise PermanentRunnerError(
            missing([kind_of(form["resource"]) for form in _candidates(manifest)], run.name)
        )

    def _run(self, work: Callable[[Api], Awaitable[T]]) -> T:
        async def connected() -> T:
            async with Api(self.connect, delays=self.delays) as api:
                return await work(api)

        return asyncio.run(connected())


def _candidates(manifest: Manifest) -> list[dict[str, Any]]:
    """The forms that a run of a custom resource can take, the preferred one first."""
    return [manifest, *manifest.get("alternatives", ())]


def _path(handle: Handle) -> str:
    """Of the run's object."""
    return f"{collection_of(handle, handle['namespace'])}/{handle['name']}"
