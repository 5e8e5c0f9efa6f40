"""`python -m polyaxon_airflow.keeper.end_runs UUID...`: delete what a cluster has of some runs, which so are stopped."""

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
    from polyaxon_airflow.store import RunStore

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
    with run_store() as store:
        for uuid in sys.argv[1:]:
            try:
                end(store, uuid)
            except RunnerError as error:
                log.warning("run %s could not be ended: %s", uuid, error)


def end(store: RunStore, uuid: str) -> None:
    """Delete a run's objects in its cluster. Raises RunnerError if that does not answer."""
    run = store.runs.get(uuid)
    if run is None or run.handle is None or run.status in DONE:
        return
    access = cluster_of(run.agent)
    if access is None:
        log.warning("run %s is on a cluster that is configured no more", uuid)
        return
    kubernetes_runner(access, run.handle["namespace"]).delete(dict(run.handle))
    store.runs.set_status(uuid, "stopped", MARKED, at=now())
    log.info("run %s is stopped: %s", uuid, MARKED)


if __name__ == "__main__":
    main()
