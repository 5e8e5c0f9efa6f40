"""The pod of a run: Kubernetes-shaped plain data from a literal `run:` section and its `Launch`.

Both runners take it: Kubernetes as it is, the process runner as a plan for local processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.init.entry import Init
from polyaxon_airflow.runtimes.containers import (
    Container,
    check_shapes,
    literal_container,
    requests_gpu,
)
from polyaxon_airflow.runtimes.helpers import GRACE, helper_containers, restoring_containers
from polyaxon_airflow.runtimes.initial import connections_of, init_container, target, unknown_connection
from polyaxon_airflow.runtimes.metadata import annotations_of, labels_of
from polyaxon_airflow.runtimes.variables import (
    connection_variables,
    literals,
    run_variables,
    secret_variables,
    variable_sources,
)
from polyaxon_airflow.runtimes.volumes import (
    connection_volumes,
    context_mounts,
    context_volumes,
    path_volumes,
    plugin_volumes,
    unique,
    without_repeats,
)
from polyaxon_airflow.sections.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyaxon_airflow.runtimes import PodTemplate
    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.sections.connections import Connection

MAIN_CONTAINER = "polyaxon-main"
# Fields of `environment` that a pod has under the same name (spec section 2.13).
POD_FIELDS = (
    "nodeSelector", "affinity", "tolerations", "nodeName", "serviceAccountName", "hostAliases", "hostNetwork",
    "hostPID", "dnsPolicy", "dnsConfig", "schedulerName", "priority", "priorityClassName",
)  # fmt: skip
# Polyaxon takes a container's security context for the pod, which knows fewer fields.
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation", "capabilities", "privileged", "procMount", "readOnlyRootFilesystem",
}  # fmt: skip


def pod(template: PodTemplate, launch: Launch, *, kind: str, ports: Sequence[int] = ()) -> dict[str, Any]:
    """The V1Pod of a run that is one pod; its main container stands first and is named `polyaxon-main`.

    Raises CompilationError for a run without a container, or with a connection that nobody knows.
    """
    made = pod_template(template, launch, kind=kind, ports=ports)
    made["metadata"]["name"] = launch.resource_name
    if launch.namespace:
        made["metadata"]["namespace"] = launch.namespace
    if launch.timeout is not None:
        made["spec"]["activeDeadlineSeconds"] = launch.timeout
    return {"apiVersion": "v1", "kind": "Pod", **made}


def pod_template(
    template: PodTemplate,
    launch: Launch,
    *,
    kind: str,
    main: str = MAIN_CONTAINER,
    ports: Sequence[int] = (),
    helped: bool = True,
) -> dict[str, Any]:
    """`{"metadata", "spec"}` of one pod of a run.

    `main` is the name that an operator expects; `helped` pods have helpers that carry metrics and artifacts.
    """
    parts = _Parts(template, launch)
    helpers = helper_containers(launch) if helped else []
    restored = restoring_containers(launch) if helped else []
    environment = template.environment.to_dict() if isinstance(template.environment, Environment) else {}
    security = environment.get("securityContext") or {}
    spec: dict[str, Any] = {
        **_site_fields(launch),
        **{field: environment[field] for field in POD_FIELDS if environment.get(field) is not None},
        "restartPolicy": _restart_policy(environment),
        "securityContext": {key: value for key, value in security.items() if key not in CONTAINER_SECURITY},
        "imagePullSecrets": _secrets(environment.get("imagePullSecrets") or launch.site.image_pull_secrets),
        "initContainers": [*restored, *parts.init_containers(), *helpers],
        "containers": [parts.main_container(main, security, ports), *parts.sidecars()],
        "volumes": parts.volumes(),
        **({"terminationGracePeriodSeconds": GRACE} if helpers else {}),
    }
    metadata = {
        "labels": labels_of(environment.get("labels") or {}, launch, kind),
        "annotations": annotations_of(
            environment.get("annotations") or {}, launch, kind, parts.all_connections
        ),
    }
    return {
        "metadata": metadata,
        "spec": {key: value for key, value in spec.items() if value not in ({}, [])},
    }


class _Parts:
    """The containers and volumes of one pod, which share the same connections and paths."""

    def __init__(self, template: PodTemplate, launch: Launch) -> None:
        self._template = template
        self._launch = launch
        self._steps = [step for step in template.init or [] if isinstance(step, Init)]
        self._connections = self._find([*(template.connections or []), *_store_as_connection(launch)])
        self._find(step.connection for step in self._steps if step.connection)
        self._paths = [target(step, launch) for step in self._steps]
        asked_by_steps = [found for step in self._steps for found in connections_of(step, launch)]
        self.all_connections = list({c.name: c for c in [*self._connections, *asked_by_steps]}.values())
        self._mounted = [
            *plugin_volumes(launch),
            *path_volumes(self._paths),
            *connection_volumes(self._connections),
        ]

    def main_container(self, name: str, security: dict[str, Any], ports: Sequence[int]) -> Container:
        if self._template.container is None:
            raise CompilationError(
                f"run '{self._launch.name}' has no container; give it one with an image and a command"
            )
        own = self._template.container.to_dict()
        only = {key: value for key, value in security.items() if key in CONTAINER_SECURITY}
        if only:
            own = {**own, "securityContext": {**only, **(own.get("securityContext") or {})}}
        return self._placed(own, name, ports)

    def sidecars(self) -> list[Container]:
        own = [sidecar.to_dict() for sidecar in self._template.sidecars or []]
        return [self._placed(sidecar, sidecar.get("name") or f"sidecar-{n}") for n, sidecar in enumerate(own)]

    def init_containers(self) -> list[Container]:
        return [init_container(step, n, self._launch, self._paths) for n, step in enumerate(self._steps)]

    def volumes(self) -> list[dict[str, Any]]:
        own = [volume.to_dict() for volume in self._template.volumes or []]
        for_steps = [volume for volume, _ in connection_volumes(self.all_connections)]
        return unique(
            [*own, *context_volumes(self._launch), *(volume for volume, _ in self._mounted), *for_steps]
        )

    def _placed(self, container: dict[str, Any], name: str, ports: Sequence[int] = ()) -> Container:
        """A container of the user, with all that the run gives it."""
        check_shapes(container, name)
        mounts = [*context_mounts(self._launch), *(mount for _, mount in self._mounted)]
        added: dict[str, Iterable[Any]] = {
            "env": self._variables(container),
            "envFrom": variable_sources(self._connections),
            "volumeMounts": without_repeats(mounts, container.get("volumeMounts") or []),
            "ports": [{"containerPort": port} for port in ports],
        }
        return literal_container(container, name, context=added)

    def _variables(self, container: dict[str, Any]) -> list[dict[str, Any]]:
        # A container that asks for no GPU sees all of a node's, unless it is told that there is none
        # (kubernetes/kubernetes issue 59629).
        none = [] if requests_gpu(container) else literals([("NVIDIA_VISIBLE_DEVICES", "none")])
        return [
            *run_variables(self._launch),
            *connection_variables(self._connections),
            *literals(self._launch.variables),
            *secret_variables(self._connections),
            *none,
        ]

    def _find(self, names: Iterable[str]) -> list[Connection]:
        store = self._launch.artifacts_store
        known = {**({store.name: store} if store is not None else {}), **self._launch.connections}
        found = []
        for name in names:
            if name not in known:
                raise unknown_connection(name, self._launch)
            found.append(known[name])
        return found


def _store_as_connection(launch: Launch) -> list[str]:
    """`plugins.mountArtifactsStore` asks for the whole store."""
    wanted = launch.plugin("mount_artifacts_store", default=False)
    return [launch.artifacts_store.name] if wanted and launch.artifacts_store is not None else []


def _restart_policy(environment: dict[str, Any]) -> str:
    policy: str = environment.get("restartPolicy") or "Never"
    return "Never" if policy == "ExitCode" else policy  # a word of the training operators, not of pods


def _site_fields(launch: Launch) -> dict[str, Any]:
    site = launch.site
    fields = {
        "serviceAccountName": site.service_account,
        "nodeSelector": dict(site.node_selector),
        "affinity": dict(site.affinity),
        "tolerations": [dict(toleration) for toleration in site.tolerations],
        "priorityClassName": site.priority_class,
    }
    return {name: value for name, value in fields.items() if value}


def _secrets(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"name": name} for name in names]
