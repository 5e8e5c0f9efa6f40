"""The `[polyaxon]` section of Airflow's configuration, read where it is needed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.runners.base import Settings
from polyaxon_airflow.store import RunStore, is_single_machine, open_store

if TYPE_CHECKING:
    from polyaxon_airflow.connections.catalogue import Catalogue
    from polyaxon_airflow.connections.secrets import Secrets
    from polyaxon_airflow.connections.store import Store
    from polyaxon_airflow.runners.base import Runner
    from polyaxon_airflow.runners.kubernetes.access import ClusterAccess
    from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
    from polyaxon_airflow.runtimes.launch import Site

SECTION = "polyaxon"
CONNECTIONS_FILE = "connections.yaml"  # in the dags folder; `[polyaxon] connections_file` names another
REMOTE_EXECUTORS = ("CeleryExecutor", "KubernetesExecutor")


def setting(name: str, fallback: str = "") -> str:
    """One option, as text."""
    from airflow.configuration import conf

    return str(conf.get(SECTION, name, fallback=fallback))


def state_folder() -> Path:
    """Where this package keeps what it is not told to keep elsewhere: AIRFLOW_HOME/polyaxon."""
    from airflow.configuration import AIRFLOW_HOME

    return Path(AIRFLOW_HOME) / "polyaxon"


def store_url() -> str:
    """The run store's URL. Raises StoreError if workers of other machines could not reach it."""
    from airflow.configuration import conf

    connection = setting("store_conn_id")
    url = _connection_url(connection) if connection else setting("store_url")
    url = url or f"sqlite:///{state_folder() / 'store.db'}"
    executors = conf.get("core", "executor", fallback="")
    remote = [name for name in REMOTE_EXECUTORS if name in executors]
    if remote and is_single_machine(url):
        raise StoreError(
            f"the run store is SQLite ({url}), which workers of a {remote[0]} on other machines cannot share. "
            "Set [polyaxon] store_url or store_conn_id to a PostgreSQL database"
        )
    return url


def run_store() -> RunStore:
    """The run store, open; one for the process and those forked from it. Raises StoreError."""
    return _opened(store_url())


def catalogue() -> Catalogue:
    """The deployment's connections: the file that `connections_file` names, else connections.yaml beside the dags.

    Raises PolyaxonfileError with what is wrong with it.
    """
    from airflow.configuration import conf

    from polyaxon_airflow.connections.catalogue import Catalogue, catalogue_of

    named = setting("connections_file")
    file = Path(conf.get("core", "dags_folder")) / (named or CONNECTIONS_FILE)
    return catalogue_of(file) if named or file.exists() else Catalogue()


def runner_settings() -> Settings:
    """What the process runner needs to know."""
    from airflow.configuration import conf

    state, store = state_folder(), artifacts_store()
    environments = conf.getjson(SECTION, "process_environments", fallback={})
    return Settings(
        artifacts_root=store.root if store.is_local else str(state / "artifacts"),
        context_root=str(state / "context"),
        environments=environments if isinstance(environments, dict) else {},
        grace=conf.getfloat(SECTION, "grace", fallback=10.0),
    )


def process_runner(folder: str | None) -> Runner:
    """The runner of this machine; `folder`: where containers without a working directory start."""
    from polyaxon_airflow.runners.process.runner import ProcessRunner

    return ProcessRunner(runner_settings(), folder=folder, secrets=secrets())


def artifacts_store() -> Store:
    """The store of artifacts, and the catalogue of connections that it is in.

    Raises PolyaxonfileError for a connections file with faults, FilesError for a root of an unknown kind.
    """
    from polyaxon_airflow.connections.store import artifacts_store

    root = setting("artifacts_root") or str(state_folder() / "artifacts")
    return artifacts_store(catalogue(), root, setting("artifacts_conn_id") or None)


def secrets() -> Secrets:
    """Where the values of secrets come from: Airflow's connections, masked in the task's log before anybody has them."""
    from airflow.sdk import BaseHook
    from airflow.sdk.log import mask_secret

    from polyaxon_airflow.connections.secrets import Secrets, account_of

    return Secrets(
        artifacts_store().catalogue, lambda name: account_of(BaseHook.get_connection(name)), mask_secret
    )


def masked(text: str) -> str:
    """Text without secrets. Airflow masks a task's log file; LocalExecutor prints what goes there as it came."""
    from airflow.sdk.log import redact  # type: ignore[attr-defined]

    return str(redact(text))


def cluster_of(agent: str | None) -> ClusterAccess | None:
    """Where the runs of an agent execute: its cluster, else the one of `[polyaxon] runner`.

    None for this machine. Raises PolyaxonfileError for a queues file that cannot be read.
    """
    from polyaxon_airflow.queues.reading import read_queues
    from polyaxon_airflow.runners.kubernetes.access import ClusterAccess

    file = queues_file()
    agents = read_queues(file).file.agents if agent is not None and file.exists() else []
    found = next((a for a in agents if a.name == agent), None)
    if found is not None and found.connection is not None:
        return ClusterAccess(found.connection, found.namespace)
    if setting("runner", "process") != "kubernetes":
        return None
    namespace = (found.namespace if found is not None else None) or setting("kubernetes_namespace")
    return ClusterAccess(setting("kubernetes_conn_id") or None, namespace or None)


def kubernetes_runner(access: ClusterAccess, namespace: str) -> KubernetesRunner:
    """The runner of a cluster."""
    from airflow.configuration import conf

    from polyaxon_airflow.runners.kubernetes.following import Patience
    from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner

    start = conf.getfloat(SECTION, "pod_start_timeout", fallback=120.0)
    return KubernetesRunner(
        access.connect,
        namespace,
        grace=conf.getfloat(SECTION, "grace", fallback=10.0),
        patience=Patience(start=start),
        secrets=secrets(),
    )


def site(queue: str | None = None) -> Site:
    """What this deployment adds to the pods of runs in a queue (`agent/queue`).

    Raises FaultsError for a queues file that cannot be read or has lost the queue.
    """
    from airflow.configuration import conf

    from polyaxon_airflow.queues.kubernetes import Admission, admission
    from polyaxon_airflow.queues.reading import read_queues
    from polyaxon_airflow.runtimes.launch import Site

    pod = conf.getjson(SECTION, "pod_defaults", fallback={})
    defaults = pod if isinstance(pod, dict) else {}
    place = read_queues(queues_file()).find(queue) if queue is not None else None
    labels, priority_class = admission(place) if place is not None else Admission({})
    return Site(
        helper_image=setting("helper_image") or None,
        service_account=defaults.get("serviceAccountName"),
        node_selector=defaults.get("nodeSelector") or {},
        affinity=defaults.get("affinity") or {},
        tolerations=tuple(defaults.get("tolerations") or ()),
        image_pull_secrets=tuple(defaults.get("imagePullSecrets") or ()),
        variables=defaults.get("env") or {},
        labels=labels,
        priority_class=priority_class,
    )


def queues_file() -> Path:
    """The queues file, which need not be there."""
    from airflow.configuration import conf

    return Path(conf.get("core", "dags_folder")) / (setting("queues_file") or "queues.yaml")


def mirrors_folder() -> Path:
    """Where this machine keeps what pods track, while it follows them."""
    return state_folder() / "mirrors"


@cache
def _opened(url: str) -> RunStore:
    """Who closes it closes its connections, and may use it again: what it has compiled stays."""
    return open_store(url)


def _connection_url(connection: str) -> str:
    from airflow.sdk import BaseHook

    return str(BaseHook.get_connection(connection).get_uri())


def local_user() -> str:
    """Who this process runs as."""
    return os.environ.get("USER", "")
