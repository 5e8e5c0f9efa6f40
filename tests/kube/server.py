"""An API server in memory: HTTP in front of `Objects`, with the failures that a test asks for.

Discovery, create, read, list, watch, replace, patch and delete of built-in and custom resources, `/status`,
pod bindings and, through a kubelet, pod logs; what a Role allows; TLS with an authority of its own. What it does not do: OpenAPI, exec, Services and
DNS, quotas. `tests/kube/test_conformance.py` says the same things of it and of a real cluster.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from tests.kube.errors import ApiError, bad_request, unknown_path
from tests.kube.objects import Objects
from tests.kube.patches import patched
from tests.kube.resources import Key
from tests.kube.rights import Guard
from tests.kube.selectors import fields_match, labels_match

PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+/[^/]+))(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<part>[^/]+))?"
)
TRUE = {"true", "True", "1"}


@dataclass
class Fault:
    """What the server answers instead, to the next `times` requests of that method and path (a regex)."""

    method: str
    path: str
    code: int
    times: int = 1
    reason: str = "InternalError"
    message: str = "injected fault"
    headers: dict[str, str] = field(default_factory=dict)


class ApiServer:
    """The server. Its methods must be called on its event loop, or through `Cluster`."""

    def __init__(self, *, strict=False, history=5000, authority=None):
        self.authority = authority  # with one, it speaks TLS
        self.objects = Objects(strict=strict, history=history)
        self.kubelet = None  # has `async logs(request, pod)`
        self.requests = []  # (method, path, query) of all requests, for assertions
        self.faults = []
        self.guard = Guard()
        self.url = ""
        self._streams = set()

    async def start(self, port=0):
        application = web.Application(client_max_size=16 << 20)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=0.5, handler_cancellation=True
        )
        await self._runner.setup()
        context = self.authority.context if self.authority else None
        await web.TCPSite(self._runner, "127.0.0.1", port, backlog=2048, ssl_context=context).start()
        scheme = "https" if self.authority else "http"
        self.url = "{}://{}:{}".format(scheme, *self._runner.addresses[0][:2])

    async def stop(self):
        self.break_streams()
        await self._runner.cleanup()

    def break_streams(self):
        """Drop the connections of all watches and followed logs, as a restarting API server does."""
        for stream in list(self._streams):
            stream.cancel()

    def kubeconfig(self):
        cluster = {"server": self.url}
        if self.authority:
            cluster["certificate-authority-data"] = b64encode(self.authority.certificate.encode()).decode()
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "emulated",
            "clusters": [{"name": "emulated", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": "test"}}],
            "contexts": [
                {
                    "name": "emulated",
                    "context": {"cluster": "emulated", "user": "test", "namespace": "default"},
                }
            ],
        }

    # requests

    async def _answer(self, request):
        path = request.path.rstrip("/")
        self.requests.append((request.method, path, dict(request.query)))
        try:
            self._inject(request.method, path)
            found = self._discovery(path)
            return web.json_response(found) if found else await self._dispatch(request, path)
        except ApiError as error:
            return web.json_response(error.body(), status=error.code, headers=error.headers)

    def _inject(self, method, path):
        for fault in self.faults:
            if fault.times > 0 and fault.method == method and re.search(fault.path, path):
                fault.times -= 1
                error = ApiError(fault.code, fault.reason, fault.message)
                error.headers = fault.headers
                raise error

    def _discovery(self, path):
        if path == "/version":
            texts = (
                "gitVersion",
                "gitCommit",
                "gitTreeState",
                "buildDate",
                "goVersion",
                "compiler",
                "platform",
            )
            return {"major": "1", "minor": "37", **dict.fromkeys(texts, "emulated")}
        group_version = path.removeprefix("/apis/").removeprefix("/api/")
        known = [resource for (group, _), resource in self.objects.types.items() if group == group_version]
        if not path.startswith(("/api/", "/apis/")) or not known:
            return None
        resources = [
            {"name": resource.plural, "kind": resource.kind, "namespaced": resource.namespaced}
            for resource in known
        ]
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": group_version,
            "resources": resources,
        }

    async def _dispatch(self, request, path):
        found = PATH.fullmatch(path)
        resource = found and self.objects.types.get((found["core"] or found["group"], found["plural"]))
        if resource is None:
            raise unknown_path()
        self.guard.check(request, resource, found)
        key = Key(resource, found["namespace"], found["name"])
        if key.name is None:
            return await self._collection(request, key)
        if key.resource.kind == "Pod" and found["part"] == "log":
            return await self._logs(request, key)
        if key.resource.kind == "Pod" and found["part"] == "binding":
            self.objects.bind(key, (await _body(request))["target"]["name"])
            return web.json_response({"kind": "Status", "apiVersion": "v1", "status": "Success"}, status=201)
        if found["part"] == "status" and resource.has_status:
            return await self._one(request, key, status=True)
        if found["part"]:
            raise unknown_path()
        return await self._one(request, key)

    async def _collection(self, request, key):
        query = request.query
        if request.method == "POST":
            created = self.objects.create(key.resource, key.namespace, await _body(request))
            return web.json_response(created, status=201)
        if request.method == "GET" and query.get("watch") in TRUE:
            return await self._stream(request, self._watch(request, key))
        found = self.objects.select(
            key.resource, key.namespace, query.get("labelSelector"), query.get("fieldSelector")
        )
        if request.method == "DELETE":
            for obj in found:
                self.objects.delete(key._replace(name=obj["metadata"]["name"]), await _body(request))
        return web.json_response(self._list(key.resource, found, query))

    def _list(self, resource, found, query):
        first, limit = int(query.get("continue") or 0), int(query.get("limit") or len(found))
        metadata = {"resourceVersion": str(self.objects.version)}
        if not resource.custom:  # items of built-in lists do not say their type
            found = [{key: obj[key] for key in obj if key not in {"apiVersion", "kind"}} for obj in found]
        if first + limit < len(found):
            metadata["continue"] = str(first + limit)
        return {
            "kind": f"{resource.kind}List",
            "apiVersion": resource.group_version,
            "metadata": metadata,
            "items": found[first : first + limit],
        }

    async def _one(self, request, key, *, status=False):
        old = self.objects.get(key)
        if request.method == "GET":
            return web.json_response(old)
        body = await _body(request)
        if request.method == "PUT":
            return web.json_response(self.objects.update(key, body, status=status))
        if request.method == "PATCH":
            new = patched(old, body, request.content_type)
            return web.json_response(self.objects.update(key, new, status=status))
        if request.method == "DELETE":
            options = {
                **body,
                **{name: request.query[name] for name in ("gracePeriodSeconds",) if name in request.query},
            }
            return web.json_response(self.objects.delete(key, options))
        raise ApiError(
            405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
        )

    # streams

    async def _logs(self, request, key):
        pod = self.objects.get(key)
        if not pod["spec"].get("nodeName") or self.kubelet is None:
            raise bad_request(f"pod {key.name} does not have a host assigned")
        return await self._stream(request, self.kubelet.logs(request, pod))

    async def _stream(self, request, work):
        """Run a handler that `break_streams` can cut off."""
        task = asyncio.ensure_future(work)
        self._streams.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if request.transport:
                request.transport.abort()
            raise
        finally:
            self._streams.discard(task)

    async def _watch(self, request, key):
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        seconds = float(request.query.get("timeoutSeconds") or 1800)
        try:
            with suppress(asyncio.TimeoutError, ConnectionResetError):
                await asyncio.wait_for(self._send_changes(response, key, request.query), seconds)
        except ApiError as error:
            await _send(response, "ERROR", error.body())
        return response

    async def _send_changes(self, response, key, query):
        """Changes as the watcher sees them: what enters or leaves its selectors is ADDED or DELETED to it."""
        labels, fields = query.get("labelSelector"), query.get("fieldSelector")
        version = int(query.get("resourceVersion") or 0)
        with self.objects.subscription(key.resource, key.namespace, version) as changes:
            present = self.objects.select(key.resource, key.namespace, labels, fields)
            if version:
                present = [obj for obj in present if int(obj["metadata"]["resourceVersion"]) <= version]
            seen = {obj["metadata"]["uid"] for obj in present}
            for obj in present if not version else ():
                await _send(response, "ADDED", obj)
            while True:
                change = await changes.get()
                obj = change.object
                fits = labels_match(labels, obj["metadata"].get("labels") or {}) and fields_match(fields, obj)
                await self._send_change(response, change.type, obj, seen, fits=fits)

    async def _send_change(self, response, change, obj, seen, *, fits):
        uid = obj["metadata"]["uid"]
        if change != "DELETED" and fits:
            await _send(response, "MODIFIED" if uid in seen else "ADDED", obj)
            seen.add(uid)
        elif uid in seen or fits:
            await _send(response, "DELETED", obj)
            seen.discard(uid)


async def _send(response, change, obj):
    await response.write(json.dumps({"type": change, "object": obj}).encode() + b"\n")


async def _body(request):
    raw = await request.read()
    try:
        return json.loads(raw) if raw else {}
    except ValueError as error:
        raise bad_request(f"error decoding: {error}") from error
