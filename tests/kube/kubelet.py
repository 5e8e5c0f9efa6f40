"""A node of the emulated cluster: it takes every pod that no node has, and runs it as local processes."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from aiohttp import web

from tests.kube.client import Client
from tests.kube.errors import bad_request
from tests.kube.pod import Pod

NODE = "emulated-node"
TRUE = {"true", "True", "1"}
POLL = 0.02  # seconds between looks at a log that is followed


class Kubelet:
    """Runs pods while the `async with` block lasts.

    `missing_images` is a regex of images that cannot be pulled, `hosts` are names that mean this machine,
    `back_off` the seconds before a container restarts, and `lag` the seconds by which a reported exit comes
    after the end of its log (a real kubelet takes up to one).
    """

    def __init__(self, kubeconfig, *, missing_images="no-such-image", hosts=(), back_off=0.5, lag=0.0):
        self.client = Client(kubeconfig)
        self.root = Path(tempfile.mkdtemp(prefix="kubelet-"))
        self.hosts = tuple(hosts)
        self.back_off = back_off
        self.lag = lag
        self.schedules = True  # False: new pods stay without a node
        self.pods = {}
        self._missing_images = re.compile(missing_images)
        self._tasks = set()

    async def __aenter__(self):
        await self.client.__aenter__()
        self.spawn(self._follow_pods())
        return self

    async def __aexit__(self, *_):
        await asyncio.gather(*(pod.kill(0) for pod in self.pods.values()))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.__aexit__()
        shutil.rmtree(self.root, ignore_errors=True)

    def lacks(self, image):
        return bool(self._missing_images.search(image))

    async def evict(self, name, reason="Evicted", message="The node was low on resource: memory."):
        """End a pod as a node under pressure does: killed at once, phase Failed."""
        await next(pod for pod in self.pods.values() if pod.metadata["name"] == name).fail(reason, message)

    async def preempt(self, name):
        """Take a pod away for one of a higher priority, as the scheduler does."""
        pod = next(pod for pod in self.pods.values() if pod.metadata["name"] == name)
        await pod.announce(
            "PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod"
        )
        await self.client.call("DELETE", pod.path, {})

    async def logs(self, request, obj):
        """`GET .../log`: the container's lines, followed until its process ends."""
        container = self._container(obj, request.query.get("container"))
        if container.log is None:
            reason = container.state.get("waiting", {}).get("reason", "ContainerCreating")
            place = f'container "{container.name}" in pod "{obj["metadata"]["name"]}"'
            raise bad_request(f"{place} is waiting to start: {reason}")
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        with suppress(ConnectionResetError):
            async for line in _lines(container, request.query):
                await response.write(line)
        return response

    def _container(self, obj, name):
        pod = self.pods.get(obj["metadata"]["uid"])
        if pod is None:
            raise web.HTTPNotFound(text="pod not found")
        name = name or pod.mains[0].name
        for container in pod.containers:
            if container.name == name:
                return container
        raise bad_request(f"container {name} is not valid for pod {obj['metadata']['name']}")

    async def _follow_pods(self):
        async for change, obj in self.client.watch("/api/v1/pods"):
            with suppress(ConnectionError):
                await self._see(change, obj)

    async def _see(self, change, obj):
        metadata, node = obj["metadata"], obj["spec"].get("nodeName")
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        pod = self.pods.get(metadata["uid"])
        if change == "DELETED":
            if pod:
                self.spawn(self._forget(pod))
        elif not node:
            if self.schedules:
                await self.client.call("POST", f"{path}/binding", {"target": {"kind": "Node", "name": NODE}})
        elif node == NODE and not pod and obj["status"]["phase"] == "Pending":
            pod = self.pods[metadata["uid"]] = Pod(self, obj)
            self.spawn(pod.run())
        if pod and change != "DELETED" and "deletionTimestamp" in metadata:
            grace = metadata["deletionGracePeriodSeconds"]
            if pod.granted is None or grace < pod.granted:
                pod.granted = grace
                self.spawn(self._terminate(pod, grace))

    async def _terminate(self, pod, grace):
        await pod.kill(grace)
        await pod.report()
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod.metadata["uid"]}}
        await self.client.call("DELETE", pod.path, options)

    async def _forget(self, pod):
        await pod.kill(0)
        await asyncio.sleep(1)  # for those who still read its logs
        del self.pods[pod.metadata["uid"]]
        shutil.rmtree(pod.folder, ignore_errors=True)

    def spawn(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _lines(container, query):
    """The log as the API gives it, from `sinceTime`, `sinceSeconds` or `tailLines` on."""
    start = (
        time.time() - float(query["sinceSeconds"])
        if "sinceSeconds" in query
        else _seconds(query.get("sinceTime"))
    )
    stamps, follow = query.get("timestamps") in TRUE, query.get("follow") in TRUE
    with container.log.open("rb") as log:
        if "tailLines" in query:
            _skip_to_last(log, int(query["tailLines"]))
        async for entry in _entries(log, container, follow=follow):
            stamp, _, full, text = entry[:-1].split(b" ", 3)
            if _seconds(stamp.decode()) >= start:
                yield (stamp + b" " if stamps else b"") + text + (b"\n" if full == b"F" or stamps else b"")


async def _entries(log, container, *, follow):
    while True:
        ended = container.exited
        while entry := log.readline():
            if not entry.endswith(b"\n"):
                log.seek(-len(entry), 1)
                break
            yield entry
        if ended or not follow:
            return
        await asyncio.sleep(POLL)


def _skip_to_last(log, count):
    ends = [0, *(log.tell() for _ in iter(log.readline, b""))]
    log.seek(ends[max(0, len(ends) - 1 - count)])


def _seconds(stamp):
    if not stamp:
        return 0
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", stamp).replace("Z", "+00:00")).timestamp()
