"""Kubernetes objects that stand inside polyaxonfiles as they are (core/v1 of Kubernetes 1.36 and before)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from polyaxon_airflow.section import KubernetesSection


def _given(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("missing", "must not be empty")
    return value


Given: TypeAlias = Annotated[Any, AfterValidator(_given)]


class Container(KubernetesSection):
    """A container; `name` of the main one is overwritten with `polyaxon-main` (spec section 2.8)."""

    instead: ClassVar[dict[str, str]] = {
        "cmd": "command",
        "entrypoint": "command",
        "environment": "env",
        "arguments": "args",
        "workdir": "workingDir",
    }

    name: Any = None
    image: Any = None
    image_pull_policy: Any = None
    command: Any = None
    args: Any = None
    working_dir: Any = None
    env: Any = None
    env_from: Any = None
    ports: Any = None
    resources: Any = None
    resize_policy: Any = None
    volume_mounts: Any = None
    volume_devices: Any = None
    lifecycle: Any = None
    liveness_probe: Any = None
    readiness_probe: Any = None
    startup_probe: Any = None
    restart_policy: Any = None
    restart_policy_rules: Any = None
    security_context: Any = None
    stdin: Any = None
    stdin_once: Any = None
    tty: Any = None
    termination_message_path: Any = None
    termination_message_policy: Any = None


class Volume(KubernetesSection):
    """A volume of a pod: a name and one source."""

    name: Given
    config_map: Any = None
    csi: Any = None
    downward_api: Any = Field(None, alias="downwardAPI")
    empty_dir: Any = None
    ephemeral: Any = None
    host_path: Any = None
    image: Any = None
    nfs: Any = None
    persistent_volume_claim: Any = None
    projected: Any = None
    secret: Any = None
    aws_elastic_block_store: Any = None
    azure_disk: Any = None
    azure_file: Any = None
    cephfs: Any = None
    cinder: Any = None
    fc: Any = None
    flex_volume: Any = None
    flocker: Any = None
    gce_persistent_disk: Any = None
    git_repo: Any = None
    glusterfs: Any = None
    iscsi: Any = None
    photon_persistent_disk: Any = None
    portworx_volume: Any = None
    quobyte: Any = None
    rbd: Any = None
    scale_io: Any = Field(None, alias="scaleIO")
    storageos: Any = None
    vsphere_volume: Any = None


class Affinity(KubernetesSection):
    node_affinity: Any = None
    pod_affinity: Any = None
    pod_anti_affinity: Any = None


class Toleration(KubernetesSection):
    key: Any = None
    operator: Any = None
    value: Any = None
    effect: Any = None
    toleration_seconds: Any = None


class HostAlias(KubernetesSection):
    ip: Given
    hostnames: Any = None


class SecurityContext(KubernetesSection):
    """A container's security context, which Polyaxon 2.18 takes for the pod's too."""

    allow_privilege_escalation: Any = None
    app_armor_profile: Any = None
    capabilities: Any = None
    privileged: Any = None
    proc_mount: Any = None
    read_only_root_filesystem: Any = None
    run_as_group: Any = None
    run_as_non_root: Any = None
    run_as_user: Any = None
    se_linux_options: Any = None
    seccomp_profile: Any = None
    windows_options: Any = None


class PodDNSConfig(KubernetesSection):
    nameservers: Any = None
    options: Any = None
    searches: Any = None


class ResourceRequirements(KubernetesSection):
    claims: Any = None
    limits: Any = None
    requests: Any = None


class ExecAction(KubernetesSection):
    command: Any = None


class HTTPGetAction(KubernetesSection):
    port: Given
    host: Any = None
    path: Any = None
    scheme: Any = None
    http_headers: Any = None


class PodFailurePolicy(KubernetesSection):
    rules: Given
