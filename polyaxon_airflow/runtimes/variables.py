"""The environment variables that a run finds beside its own (spec section 5.1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.runtimes import context

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.sections.connections import Connection, ConnectionResource

Variable = dict[str, Any]


def run_variables(launch: Launch) -> list[Variable]:
    """What every container of a run is told: who it is, where it writes, where it runs.

    The tracking library works offline: it writes files to the run's directory, where they are followed.
    """
    directory = context.run_path(launch.uuid)
    values = {
        "POLYAXON_RUN_INSTANCE": launch.instance,
        "POLYAXON_IS_MANAGED": "true",
        "POLYAXON_IS_OFFLINE": "true",
        "POLYAXON_CONTEXT_ROOT": context.ROOT,
        "POLYAXON_OFFLINE_ROOT": context.OFFLINE,
        "POLYAXON_ARTIFACTS_ROOT": context.ARTIFACTS,
        "POLYAXON_HOME": context.HOME,
        "POLYAXON_METRICS_FILE": f"{directory}/{context.METRICS_FILE}",
        "POLYAXON_OUTPUTS_FILE": f"{directory}/{context.OUTPUTS_FILE}",
        "POLYAXON_COLLECT_ARTIFACTS": _flag(on=launch.plugin("collect_artifacts", default=True)),
        "POLYAXON_COLLECT_RESOURCES": _flag(on=launch.plugin("collect_resources", default=True)),
    }
    if launch.plugins is not None and launch.plugins.log_level:
        values["POLYAXON_LOG_LEVEL"] = launch.plugins.log_level
    if launch.artifacts_store is not None:
        values["POLYAXON_ARTIFACTS_STORE_NAME"] = launch.artifacts_store.name
    pod = {
        "POLYAXON_K8S_NODE_NAME": "spec.nodeName",
        "POLYAXON_K8S_NAMESPACE": "metadata.namespace",
        "POLYAXON_K8S_POD_ID": "metadata.name",
    }
    return [
        *literals(launch.site.variables.items()),
        *({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in pod.items()),
        *literals(values.items()),
    ]


def connection_variables(connections: Sequence[Connection]) -> list[Variable]:
    """The catalogue of the requested connections for the client library, then their own variables."""
    if not connections:
        return []
    catalog = json.dumps(
        {"connections": [connection.to_dict() for connection in connections]}, separators=(",", ":")
    )
    own = [variable for connection in connections for variable in connection.variables()]
    return [{"name": "POLYAXON_CONNECTIONS_CATALOG", "value": catalog}, *own]


def secret_variables(connections: Sequence[Connection]) -> list[Variable]:
    """Items of secrets and config maps that are not mounted, each as a variable of its name."""
    secrets = [
        _item("secretKeyRef", resource, item) for resource, item in _items(c.secret for c in connections)
    ]
    maps = [
        _item("configMapKeyRef", resource, item)
        for resource, item in _items(c.config_map for c in connections)
    ]
    return [*secrets, *maps]


def variable_sources(connections: Sequence[Connection]) -> list[Variable]:
    """`envFrom`: secrets and config maps that are taken whole."""
    return [
        *({"secretRef": {"name": c.secret.name}} for c in connections if c.secret and _is_whole(c.secret)),
        *(
            {"configMapRef": {"name": c.config_map.name}}
            for c in connections
            if c.config_map and _is_whole(c.config_map)
        ),
    ]


def literals(pairs: Iterable[tuple[str, str]]) -> list[Variable]:
    return [{"name": name, "value": value} for name, value in pairs]


def _flag(*, on: bool) -> str:
    return "true" if on else "false"


def _items(resources: Iterable[ConnectionResource | None]) -> Iterable[tuple[ConnectionResource, str]]:
    for resource in resources:
        if resource is not None and not resource.mount_path:
            yield from ((resource, item) for item in resource.items or [])


def _item(source: str, resource: ConnectionResource, item: str) -> Variable:
    return {"name": item, "valueFrom": {source: {"name": resource.name, "key": item}}}


def _is_whole(resource: ConnectionResource) -> bool:
    return not resource.items and not resource.mount_path
