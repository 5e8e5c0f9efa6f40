"""Registries for tests: Docker's own if it is installed, and one of ours that also pages and hands out tokens.

Ours follows the OCI distribution spec 1.1 as far as pulling goes: `end-1` (version check), `end-8a/8b` (tags, with
`n`, `last` and `Link`), `end-3` (manifests, HEAD and GET, with `Docker-Content-Digest`), and Docker's token protocol.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def manifest(text):
    """A manifest whose digest depends on `text`."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(b"{}"), "size": 2}
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": [],
            "annotations": {"text": text},
        }
    ).encode()


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append((self.command, self.path))
        url = urlsplit(self.path)
        if url.path == "/token":
            return self.hand_out_token(parse_qs(url.query))
        _, _, name = url.path.partition("/v2/")
        if not self.is_allowed(name):
            return None
        if name.endswith("/tags/list"):
            return self.list_tags(name.removesuffix("/tags/list"), parse_qs(url.query))
        image, _, tag = name.partition("/manifests/")
        content = self.server.images.get(image, {}).get(tag)
        if content is None:
            return self.send(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        told = {} if self.server.hides_digests else {"Docker-Content-Digest": digest(content)}
        return self.send(200, content, {"Content-Type": MANIFEST, **told})

    do_HEAD = do_GET  # noqa: N815 - the base class's name

    def list_tags(self, image, query):
        if image not in self.server.images:
            return self.send(404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}')
        tags, count = sorted(self.server.images[image]), min(int(query["n"][0]), self.server.page)
        after = [tag for tag in tags if tag > query.get("last", [""])[0]]
        more = (
            {"Link": f'</v2/{image}/tags/list?n={count}&last={after[count - 1]}>; rel="next"'}
            if len(after) > count
            else {}
        )
        return self.send(200, json.dumps({"name": image, "tags": after[:count]}).encode(), more)

    def is_allowed(self, name):
        if self.server.login is None:
            return True
        image = name.split("/manifests/")[0].split("/tags/")[0]
        token = f"token for repository:{image}:pull {self.server.generation}"
        if self.headers.get("Authorization") == f"Bearer {base64.b64encode(token.encode()).decode()}":
            return True
        realm = f'Bearer realm="{self.server.url}/token",service="test",scope="repository:{image}:pull"'
        self.send(401, b"{}", {"WWW-Authenticate": realm})
        return False

    def hand_out_token(self, query):
        expected = f"Basic {base64.b64encode(self.server.login.encode()).decode()}"
        if self.headers.get("Authorization") != expected:
            return self.send(401, b"{}")
        token = f"token for {query['scope'][0]} {self.server.generation}"
        return self.send(200, json.dumps({"token": base64.b64encode(token.encode()).decode()}).encode())

    def send(self, code, body, headers=None):
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def registry(*, login=None, page=3, hides_digests=False):
    """Ours; `images` is what it holds: image -> tag -> manifest."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.images, server.requests, server.login, server.page = {}, [], login, page
    server.hides_digests, server.generation = hides_digests, 1
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class DockerRegistry:
    """Docker's registry with its files in a folder."""

    def __init__(self, url):
        self.url = url

    def push(self, image, tag, text):
        content = manifest(text)
        self.upload(image, b"{}")
        self.send("PUT", f"/v2/{image}/manifests/{tag}", content, MANIFEST)
        return digest(content)

    def upload(self, image, blob):
        location = self.send("POST", f"/v2/{image}/blobs/uploads/", b"").headers["Location"]
        mark = "&" if "?" in location else "?"
        self.send("PUT", f"{location}{mark}digest={digest(blob)}", blob, "application/octet-stream")

    def send(self, method, path, content, kind="application/json"):
        url = path if path.startswith("http") else f"{self.url}{path}"
        request = Request(url, data=content, method=method, headers={"Content-Type": kind})
        with urlopen(request, timeout=10) as answer:
            answer.read()
            return answer


@contextmanager
def docker_registry(folder):
    """Docker's own (Debian's package `docker-registry`), on a port of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    config = folder / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([shutil.which("docker-registry"), "serve", config], stdout=log, stderr=log)
    try:
        _wait_for(port)
        yield DockerRegistry(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()


def _wait_for(port):
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("docker-registry does not listen")
