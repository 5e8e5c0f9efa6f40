"""The `[polyaxon]` section of Airflow's configuration, read where it is needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.runners.base import Settings
from polyaxon_airflow.store import RunStore, is_single_machine, open_store

if TYPE_CHECKING:
    from polyaxon_airflow.runners.base import Runner

SECTION = "polyaxon"
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
    """The run store, open. Raises StoreError."""
    return open_store(store_url())


def runner_settings() -> Settings:
    """What the process runner needs to know."""
    from airflow.configuration import conf

    state = state_folder()
    environments = conf.getjson(SECTION, "process_environments", fallback={})
    return Settings(
        artifacts_root=setting("artifacts_root") or str(state / "artifacts"),
        context_root=str(state / "context"),
        environments=environments if isinstance(environments, dict) else {},
        grace=conf.getfloat(SECTION, "grace", fallback=10.0),
    )


def process_runner(folder: str | None) -> Runner:
    """The runner of this machine; `folder`: where containers without a working directory start."""
    from polyaxon_airflow.runners.process.runner import ProcessRunner

    return ProcessRunner(runner_settings(), folder=folder)


def _connection_url(connection: str) -> str:
    from airflow.sdk import BaseHook

    return str(BaseHook.get_connection(connection).get_uri())


def local_user() -> str:
    """Who this process runs as."""
    return os.environ.get("USER", "")
