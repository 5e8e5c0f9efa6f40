"""`python -m polyaxon_airflow.keeper.clusters end|remove UUID...`: delete what clusters have of some runs.

`end`: of runs that nobody follows, which so are stopped; `remove`: of those that have ended, and were kept long enough.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from polyaxon_airflow.clock import now
from polyaxon_airflow.configuration import cluster_of, kubernetes_runner, run_store
from polyaxon_airflow.errors import RunnerError
from polyaxon_airflow.execution.statuses import MARKED
from polyaxon_airflow.store.lifecycle import DONE

if TYPE_CHECKING:
    from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
    from polyaxon_airflow.store import Run, RunStore

log = logging.getLogger(__name__)

# Airflow looks connections up in its database only for processes that say they are its own servers.
SERVER = {"_AIRFLOW_PROCESS_CONTEXT": "server"}


LONGEST = 120  # seconds; a cluster that answers no sooner is asked again by the next process


def main() -> None:
    signal.alarm(LONGEST)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    os.environ.update(SERVER)
    work = {"end": end, "remove": remove}[sys.argv[1]]
    with run_store() as store:
        for uuid in sys.argv[2:]:
            try:
                work(store, uuid)
            except RunnerError as error:
                log.warning("run %s: %s", uuid, error)


def end(store: RunStore, uuid: str) -> None:
    """Delete a run's objects in its cluster, unless it has ended. Raises RunnerError if that does not answer."""
    run = store.runs.get(uuid)
    if run is None or run.handle is None or run.status in DONE:
        return
    if (runner := _runner_of(run)) is not None:
        runner.delete(dict(run.handle))
        store.runs.set_status(uuid, "stopped", MARKED, at=now())
        log.info("run %s is stopped: %s", uuid, MARKED)


def remove(store: RunStore, uuid: str) -> None:
    """Delete what was kept of a run, if it is over. Raises RunnerError if its cluster does not answer."""
    run = store.runs.get(uuid)
    if run is None or run.handle is None:
        store.kept.forget(uuid)
    elif run.status in DONE and (runner := _runner_of(run)) is not None:
        runner.clean(dict(run.handle))
        store.kept.forget(uuid)
        log.info("run %s has been kept for long enough: '%s' is removed", uuid, run.handle["name"])


def _runner_of(run: Run) -> KubernetesRunner | None:
    """The runner of the cluster that a run is on, None if that is configured no more."""
    access = cluster_of(run.agent)
    if access is None:
        log.warning("run %s is on a cluster that is configured no more", run.uuid)
        return None
    return kubernetes_runner(access, (run.handle or {})["namespace"])


if __name__ == "__main__":
    main()
