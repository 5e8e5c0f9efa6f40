"""What the kubelet and the controllers need of a Kubernetes client."""

from __future__ import annotations

import asyncio
import json
import ssl
from base64 import b64decode

import aiohttp


class Client:
    """An async REST client for the server of a kubeconfig; `async with` opens it."""

    def __init__(self, kubeconfig):
        self._server = kubeconfig["clusters"][0]["cluster"]["server"]
        self._authority = kubeconfig["clusters"][0]["cluster"].get("certificate-authority-data")
        self._token = kubeconfig["users"][0]["user"]["token"]

    async def __aenter__(self):
        known = b64decode(self._authority).decode() if self._authority else None
        context = ssl.create_default_context(cadata=known) if known else True
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._token}"},
            connector=aiohttp.TCPConnector(limit=0, ssl=context),
        )
        return self

    async def __aexit__(self, *_):
        await self._session.close()

    async def call(self, method, path, body=None, content_type="application/json"):
        """The answer's JSON, or None where the object is not there. Raises ConnectionError on any other failure."""
        data = None if body is None else json.dumps(body)
        request = self._session.request(
            method, self._server + path, data=data, headers={"Content-Type": content_type}
        )
        async with request as response:
            found = await response.json(content_type=None)
        if response.status == 404:
            return None
        if response.status >= 400:
            raise ConnectionError(f"{method} {path}: {response.status} {found.get('message')}")
        return found

    async def patch_status(self, path, status):
        return await self.call("PATCH", f"{path}/status", {"status": status}, "application/merge-patch+json")

    async def watch(self, path):
        """List, then watch for ever: (type, object) with type SYNC for what was there. Starts over when cut off."""
        while True:
            try:
                found = await self.call("GET", path)
                for obj in found["items"]:
                    yield "SYNC", obj
                async for change in self._changes(path, found["metadata"]["resourceVersion"]):
                    yield change["type"], change["object"]
            except (aiohttp.ClientError, ConnectionError):
                await asyncio.sleep(0.2)

    async def _changes(self, path, version):
        forever = aiohttp.ClientTimeout(total=None)
        url = f"{self._server}{path}?watch=1&resourceVersion={version}"
        async with self._session.get(url, timeout=forever, read_bufsize=1 << 21) as response:
            if response.status >= 400:
                raise ConnectionError(f"watch {path}: {response.status}")
            async for line in response.content:
                change = json.loads(line)
                if change["type"] == "ERROR":
                    return
                yield change
