"""One pod on the node: init containers in order, then the others, with the states a kubelet reports."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from tests.kube.container import Container, moment
from tests.kube.inputs import Inputs, expanded
from tests.kube.rootfs import Sandbox

DEADLINE = {
    "reason": "DeadlineExceeded",
    "message": "Pod was active on the node longer than the specified deadline",
}


class Pod:
    """Runs a pod that is bound to the node; `logs` of its containers are files."""

    def __init__(self, node, obj):
        self.node = node
        self.client = node.client
        self.metadata = obj["metadata"]
        self.spec = obj["spec"]
        self.path = f"/api/v1/namespaces/{self.metadata['namespace']}/pods/{self.metadata['name']}"
        self.folder = node.root / "pods" / self.metadata["uid"]
        self.inputs = Inputs(self.client, obj, self.folder / "volumes", node.root / "claims")
        self.inits = [
            Container(spec, self.folder, init=True) for spec in self.spec.get("initContainers") or []
        ]
        self.mains = [Container(spec, self.folder) for spec in self.spec["containers"]]
        self.grace = self.spec["terminationGracePeriodSeconds"]
        self.stopping = False
        self.granted = None  # grace period of its deletion, in seconds
        self._failure = {}  # reason and message of a pod that was ended from outside
        self._disruptions = []  # conditions that say who ends it
        self._started_at = moment()
        self._reported = None
        self._reporting = asyncio.Lock()

    @property
    def containers(self):
        return [*self.inits, *self.mains]

    async def run(self):
        """From binding to the end of all containers."""
        self._volumes = await self._mounted_volumes()
        await self.report()
        async with _tasks() as start:
            if seconds := self.spec.get("activeDeadlineSeconds"):
                start(self._end_after(seconds))
            if await self._initialise(start):
                for container in self.mains:
                    container.wait_for("ContainerCreating")
                    start(self._keep_running(container))
                await asyncio.gather(*(container.over.wait() for container in self.mains))
            for sidecar in reversed([container for container in self.inits if container.sidecar]):
                self.stopping = True
                await self._stop(sidecar, self.grace)
        await self.report()

    async def kill(self, grace):
        self.stopping = True
        await asyncio.gather(*(self._stop(container, grace) for container in self.containers))

    async def announce(self, reason, message):
        """Say in the pod's status that Kubernetes itself will end it."""
        target = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": message}
        self._disruptions = [target]
        await self.report()

    async def fail(self, reason, message, grace=0):
        """End the pod from outside: a deadline, an eviction."""
        self._failure = {"reason": reason, "message": message}
        await self.kill(grace)
        await self.report()

    # starting

    async def _mounted_volumes(self):
        while True:
            try:
                return await self.inputs.volumes()
            except LookupError as error:
                await self.event("Warning", "FailedMount", f"MountVolume.SetUp failed: {error}")
                await asyncio.sleep(1)

    async def _initialise(self, start):
        """Run init containers; whether the main ones may start."""
        for container in self.inits:
            start(self._keep_running(container))
            if container.sidecar:
                await container.up()
            else:
                await container.over.wait()
            if self.stopping or (container.exit_code and not container.sidecar):
                return False
        return True

    async def _keep_running(self, container):
        """Start a container, again as its restart policy says."""
        policy = "Always" if container.sidecar else self.spec["restartPolicy"]
        if container.init and not container.sidecar and policy == "Always":
            policy = "OnFailure"
        while True:
            await self._run_once(container)
            again = policy == "Always" or (policy == "OnFailure" and container.exit_code)
            if self.stopping or not again:
                break
            container.restart_later(self.node.back_off)
            await self.report()
            await asyncio.sleep(self.node.back_off)
        container.over.set()
        await self.report()

    async def _run_once(self, container):
        image = container.spec["image"]
        if self.node.lacks(image):
            await self._image_is_missing(container, image)
            return
        try:
            environment = await self.inputs.environment(container.spec)
        except LookupError as error:
            await self._hold(container, "CreateContainerConfigError", str(error))
            return
        if self.stopping:
            return
        words = [*container.spec.get("command", []), *container.spec.get("args", [])]
        command = [expanded(word, environment) for word in words] if container.spec.get("command") else []
        sandbox = Sandbox(
            self.metadata["name"], self.node.hosts, self._volumes, self.spec.get("securityContext") or {}
        )
        ended = await container.run(command, environment, sandbox, self.report)
        if not self.stopping:
            await asyncio.sleep(self.node.lag)
        container.state = ended

    async def _image_is_missing(self, container, image):
        message = f'failed to pull image "{image}": not found'
        container.wait_for("ErrImagePull", message)
        await self.event("Warning", "Failed", message)
        await self.report()
        await asyncio.sleep(0.3)
        await self._hold(container, "ImagePullBackOff", f'Back-off pulling image "{image}"')

    async def _hold(self, container, reason, message):
        """Wait until the pod is ended from outside."""
        container.wait_for(reason, message)
        await self.report()
        await container.over.wait()

    # ending

    async def _end_after(self, seconds):
        await asyncio.sleep(seconds)
        self.node.spawn(self.fail(**DEADLINE, grace=self.grace))

    async def _stop(self, container, grace):
        await container.stop(grace)
        if container.exited and not container.over.is_set() and "terminated" not in container.state:
            container.abandon()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(container.over.wait(), 5)

    # reporting

    async def report(self):
        """Write the pod's status, if it has changed."""
        async with self._reporting:
            status = self._status()
            written = json.dumps(status, sort_keys=True)
            if written != self._reported:
                with suppress(ConnectionError):
                    await self.client.patch_status(self.path, status)
                    self._reported = written

    async def event(self, kind, reason, message):
        name, namespace, uid = (self.metadata[key] for key in ("name", "namespace", "uid"))
        involved = {"kind": "Pod", "apiVersion": "v1", "namespace": namespace, "name": name, "uid": uid}
        body = {"involvedObject": involved, "type": kind, "reason": reason, "message": message}
        body |= {"metadata": {"generateName": f"{name}."}, "lastTimestamp": moment(), "count": 1}
        with suppress(ConnectionError):
            await self.client.call("POST", f"/api/v1/namespaces/{namespace}/events", body)

    def _status(self):
        phase = self._phase()
        ready = phase == "Running" and all("running" in container.state for container in self.mains)
        flags = {
            "PodScheduled": True,
            "Initialized": phase != "Pending",
            "Ready": ready,
            "ContainersReady": ready,
        }
        return {
            "phase": phase,
            "conditions": [
                *({"type": name, "status": str(value)} for name, value in flags.items()),
                *self._disruptions,
            ],
            "podIP": "127.0.0.1",
            "hostIP": "127.0.0.1",
            "startTime": self._started_at,
            "containerStatuses": [_container_status(container) for container in self.mains],
            "initContainerStatuses": [_container_status(container) for container in self.inits],
            **self._failure,
        }

    def _phase(self):
        if self._failure:
            return "Failed"
        steps = [container for container in self.inits if not container.sidecar]
        if self.spec["restartPolicy"] == "Never" and any(container.exit_code for container in steps):
            return "Failed"
        ended = all(container.over.is_set() and container.exit_code is not None for container in self.mains)
        if ended and not any(container.sidecar and "running" in container.state for container in self.inits):
            return "Failed" if any(container.exit_code for container in self.mains) else "Succeeded"
        begun = any(container.restarts or "waiting" not in container.state for container in self.mains)
        return "Running" if begun else "Pending"


class _tasks:  # noqa: N801
    """Tasks that are cancelled when the block ends: `async with _tasks() as start: start(coroutine)`."""

    async def __aenter__(self):
        self._started = []
        return lambda coroutine: self._started.append(asyncio.ensure_future(coroutine))

    async def __aexit__(self, *_):
        for task in self._started:
            task.cancel()
        await asyncio.gather(*self._started, return_exceptions=True)


def _container_status(container):
    done = container.init and not container.sidecar and container.exit_code == 0
    return {
        "name": container.name,
        "image": container.spec["image"],
        "imageID": container.spec["image"],
        "restartCount": container.restarts,
        "ready": "running" in container.state or done,
        "state": container.state,
        "lastState": container.last_state,
    }
