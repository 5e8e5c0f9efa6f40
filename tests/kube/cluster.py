"""A cluster for tests: the API server, a kubelet and controllers on a thread of their own.

with Cluster() as cluster:
    os.environ["KUBECONFIG"] = cluster.kubeconfig
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
from contextlib import AsyncExitStack
from pathlib import Path

from tests.kube.kubelet import Kubelet
from tests.kube.resources import BUILT_IN
from tests.kube.server import ApiServer

CRDS = next(resource for resource in BUILT_IN if resource.kind == "CustomResourceDefinition")


class Cluster:
    """`server` and `kubelet` live on another thread: reach their methods through `call` and `wait`.

    `kubelet` holds the arguments of `node`, or is None for an API server alone.
    `crds` are CustomResourceDefinitions, `controllers` classes that take a kubeconfig and have `async run()`.
    """

    def __init__(
        self,
        *,
        strict=False,
        history=5000,
        authority=None,
        kubelet=(),
        node=Kubelet,
        crds=(),
        controllers=(),
    ):
        self.server = ApiServer(strict=strict, history=history, authority=authority)
        self.kubelet = None
        self._kubelet_settings = kubelet
        self._node = node
        self._controllers = controllers
        self._crds = crds
        self._ready = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="cluster-")
        self.kubeconfig = str(Path(self._folder.name) / "kubeconfig.json")

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=[self._serve()], daemon=True
        )
        self._thread.start()
        if not self._ready.wait(20):
            raise TimeoutError("the emulated cluster did not start")
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        self._loop.close()
        self._folder.cleanup()

    @property
    def requests(self):
        """(method, path, query) of every request so far."""
        return list(self.server.requests)

    def call(self, function, *args, **kwargs):
        """The result of a function or coroutine function, run on the cluster's event loop."""

        async def run():
            result = function(*args, **kwargs)
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)

    def _write_kubeconfig(self):
        Path(self.kubeconfig).write_text(json.dumps(self.server.kubeconfig()))

    async def _serve(self):
        self._over = asyncio.Event()
        async with AsyncExitStack() as stack:
            await self.server.start()
            stack.push_async_callback(self.server.stop)
            self._write_kubeconfig()
            for crd in self._crds:
                self.server.objects.create(CRDS, None, crd)
            if self._kubelet_settings is not None:
                node = self._node(self.server.kubeconfig(), **dict(self._kubelet_settings))
                self.kubelet = self.server.kubelet = await stack.enter_async_context(node)
            tasks = [
                asyncio.ensure_future(make(self.server.kubeconfig()).run()) for make in self._controllers
            ]
            self._ready.set()
            await self._over.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
