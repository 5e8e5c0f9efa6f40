"""A kubelet without processes: pods print a line from time to time and end, so that hundreds fit on one machine."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from tests.kube.client import Client
from tests.kube.container import moment
from tests.kube.errors import bad_request


class PhantomKubelet:
    """Every pod prints `text` once a second for `seconds`, then ends with exit code 0."""

    def __init__(self, kubeconfig, *, seconds=10, text="line"):
        self._client = Client(kubeconfig)
        self._seconds = seconds
        self._text = text
        self._lines = {}  # uid -> lines so far
        self._over = {}  # uid -> event
        self._tasks = set()

    async def __aenter__(self):
        await self._client.__aenter__()
        self._spawn(self._follow_pods())
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.__aexit__()

    async def logs(self, request, obj):
        uid = obj["metadata"]["uid"]
        if uid not in self._lines:
            raise bad_request("the container is waiting to start")
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        with suppress(ConnectionResetError):
            sent = 0
            while True:
                over = self._over[uid].is_set()
                for line in self._lines[uid][sent:]:
                    await response.write(line)
                sent = len(self._lines[uid])
                if over or request.query.get("follow") != "true":
                    return response
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._over[uid].wait(), 0.5)

    async def _follow_pods(self):
        async for _, obj in self._client.watch("/api/v1/pods"):
            if not obj["spec"].get("nodeName"):
                self._spawn(self._run(obj))

    async def _run(self, obj):
        metadata = obj["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        await self._client.call("POST", f"{path}/binding", {"target": {"kind": "Node", "name": "phantom"}})
        self._lines[metadata["uid"]], self._over[metadata["uid"]] = [], asyncio.Event()
        await self._report(obj, path, "Running", {"running": {"startedAt": moment()}})
        for _ in range(self._seconds):
            self._lines[metadata["uid"]].append(f"{moment(nanoseconds=True)} {self._text}\n".encode())
            await asyncio.sleep(1)
        self._over[metadata["uid"]].set()
        ended = {"exitCode": 0, "reason": "Completed", "startedAt": moment(), "finishedAt": moment()}
        await self._report(obj, path, "Succeeded", {"terminated": ended})

    async def _report(self, obj, path, phase, state):
        names = [container["name"] for container in obj["spec"]["containers"]]
        statuses = [
            {"name": name, "image": "", "imageID": "", "restartCount": 0, "ready": True, "state": state}
            for name in names
        ]
        await self._client.patch_status(path, {"phase": phase, "containerStatuses": statuses})

    def _spawn(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
