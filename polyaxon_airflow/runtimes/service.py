"""`run: {kind: service}`: pods that keep running and listen on ports (spec section 2.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import StrictInt

from polyaxon_airflow.runtimes.job import SinglePod
from polyaxon_airflow.runtimes.metadata import UUID_LABEL
from polyaxon_airflow.runtimes.pod import pod
from polyaxon_airflow.scalars import OR_TEMPLATE, BoolOrTemplate, IntOrTemplate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polyaxon_airflow.runtimes import Manifest
    from polyaxon_airflow.runtimes.launch import Launch


class Service(SinglePod):
    """`run: {kind: service, ports: [8888], container: {image: jupyter}}`."""

    kind: Literal["service"] = "service"
    ports: Annotated[list[StrictInt] | str, OR_TEMPLATE] | None = None  # the first is the main one
    rewrite_path: BoolOrTemplate | None = None
    is_external: BoolOrTemplate | None = None
    replicas: IntOrTemplate | None = None

    def manifest(self, launch: Launch) -> Manifest:
        """The first pod decides; further ones, and the Service that spreads requests over all, go with it."""
        ports = self.ports if isinstance(self.ports, list) else []
        first = pod(self, launch, kind=self.kind, ports=ports)
        names = [f"{launch.resource_name}-{number}" for number in range(1, int(self.replicas or 1))]
        copies = [{**first, "metadata": {**first["metadata"], "name": name}} for name in names]
        return {"kind": "pod", "pod": first, "companions": [*copies, *_service(launch, ports)]}


def _service(launch: Launch, ports: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The Kubernetes Service through which the cluster reaches the pods; none without ports."""
    if ports:
        metadata = {"name": launch.resource_name, "labels": {UUID_LABEL: launch.uuid}}
        listed = [{"name": f"port-{port}", "port": port, "targetPort": port} for port in ports]
        spec = {"selector": {UUID_LABEL: launch.uuid}, "ports": listed}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
