"""A cluster as Airflow knows it: a Kubernetes connection, through the hook of the cncf.kubernetes provider."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from kubernetes_asyncio.client import ApiClient

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CONFIGURED = ("in_cluster", "kube_config", "kube_config_path")  # extras that say where a cluster is


@dataclass(frozen=True)
class ClusterAccess:
    """How an agent's cluster is reached. Only names: credentials stay in Airflow's connection."""

    connection: str | None = None  # None: the pod's own cluster, else KUBECONFIG
    namespace: str | None = None  # None: the connection's, else this pod's, else "default"

    def to_dict(self) -> dict[str, Any]:
        """For the arguments of a trigger."""
        return asdict(self)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[ApiClient]:
        """An open client. Works in a task and in a trigger."""
        from airflow.providers.cncf.kubernetes.hooks.kubernetes import AsyncKubernetesHook

        extras = await asyncio.to_thread(self._extras)
        hook = AsyncKubernetesHook(
            conn_id=None,
            kubernetes_conn_id=None,
            connection_extras=dict(extras),
            in_cluster=None if any(extras.get(name) for name in CONFIGURED) else _in_cluster(),
        )
        async with hook.get_conn() as client:
            yield client

    def resolved_namespace(self) -> str:
        """Where runs go."""
        return self.namespace or self._extras().get("namespace") or _own_namespace() or "default"

    def _extras(self) -> Mapping[str, Any]:
        from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook

        found: Mapping[str, Any] = (
            KubernetesHook(conn_id=self.connection).conn_extras if self.connection else {}
        )
        return {key.removeprefix("extra__kubernetes__"): value for key, value in found.items()}


def _in_cluster() -> bool | None:
    """Whether this process is in a pod, with the credentials of its service account; None if not."""
    return ("KUBERNETES_SERVICE_HOST" in os.environ and (SERVICE_ACCOUNT / "token").exists()) or None


def _own_namespace() -> str | None:
    file = SERVICE_ACCOUNT / "namespace"
    return file.read_text().strip() if file.exists() else None
