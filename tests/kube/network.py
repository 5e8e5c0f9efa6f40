"""The network of an emulated cluster as its pods see it, for who is outside: a proxy that knows `NAME.NAMESPACE.svc`.

with ServiceNetwork(kubeconfig) as network:
    subprocess.run(..., env={**os.environ, **network.variables})
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from kubernetes import client, config

DIRECT = build_opener(ProxyHandler({}))


class ServiceNetwork:
    """Does what the cluster's DNS and kube-proxy do: from a Service to a pod that runs and has its labels."""

    def __init__(self, kubeconfig):
        configuration = client.Configuration()
        config.load_kube_config(kubeconfig, client_configuration=configuration)
        self._core = client.CoreV1Api(client.ApiClient(configuration))
        self.asked = []  # URLs of all requests

    def __enter__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._core.api_client.close()

    @property
    def variables(self):
        """Of the environment of a process that is to see the network."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        return {"http_proxy": url, "no_proxy": "127.0.0.1,localhost"}

    def address(self, host, port):
        """Where a pod listens that stands for a Service."""
        name, namespace, svc = host.split(".")
        services = self._core.list_namespaced_service(namespace).items if svc == "svc" else []
        spec = next(service.spec for service in services if service.metadata.name == name)
        target = next(each.target_port for each in spec.ports if each.port == port)
        labels = ",".join(f"{key}={value}" for key, value in spec.selector.items())
        pods = self._core.list_namespaced_pod(namespace, label_selector=labels).items
        return next(pod.status.pod_ip for pod in pods if pod.status.phase == "Running"), target

    def _handler(self):
        network = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                network.asked.append(self.path)
                url = urlsplit(self.path)
                try:
                    host, port = network.address(url.hostname, url.port)
                    with DIRECT.open(f"http://{host}:{port}{url.path}", timeout=10) as answer:
                        status, body = answer.status, answer.read()
                except (StopIteration, ValueError, URLError) as error:
                    status, body = 502, repr(error).encode()
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                return

        return Handler
