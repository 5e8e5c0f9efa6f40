"""`python -m tests.triggers.following NAMESPACE`: follow a service as a triggerer does; prints what came of it.

The service has an init container that takes a second. What it is there for ends once the service is ready.
"""

import asyncio
import json
import sys
import time

from polyaxon_airflow.clock import now
from polyaxon_airflow.compiler import RunContext, compile_operation, resolve
from polyaxon_airflow.configuration import kubernetes_runner, run_store
from polyaxon_airflow.execution.attempt import Attempt
from polyaxon_airflow.polyaxonfile import read_operation
from polyaxon_airflow.runners.base import RunIdentity
from polyaxon_airflow.runners.kubernetes.access import ClusterAccess
from polyaxon_airflow.runtimes.launch import Launch
from polyaxon_airflow.store import Run
from polyaxon_airflow.triggers.run import RunTrigger

SERVICE = """
kind: component
name: board
run:
  kind: service
  ports: [6006]
  init: [{container: {name: early, image: "busybox:1", command: [sh, -c, "sleep 1; echo early"]}}]
  container:
    image: busybox:1
    command: [sh, -c, "trap 'exit 0' TERM; while true; do sleep 0.2; done"]
"""
BOARD, TRAIN = "a" * 32, "b" * 32


def main():
    store, access = run_store(), ClusterAccess("emulated", sys.argv[1])
    for uuid, name in ((BOARD, "board"), (TRAIN, "train")):
        store.runs.begin(Run(uuid, name, now(), dag_id="d", dag_run_id="r", task_id=name))
        store.runs.set_status(uuid, "starting", at=now())
    literal = resolve(compile_operation(read_operation(SERVICE)), RunContext())
    store.runs.update(BOARD, content=literal.to_dict(), at=now())
    manifest = literal.run.manifest(Launch(BOARD, "board", "acme", "digits"))
    identity = RunIdentity(BOARD, "board", "acme", "digits")
    handle = kubernetes_runner(access, sys.argv[1]).submit(manifest, identity)
    service = {
        "address": None, "url": "http://board", "idle_after": None, "dag": ["d", "r"], "index": -1,
        "needed_by": [["train", [], False]],
    }  # fmt: skip
    attempt = Attempt(BOARD, service=service).to_dict()
    trigger = RunTrigger(handle, attempt, access.to_dict(), deferred_at=time.time())
    events = asyncio.run(followed(trigger, store))
    statuses = {condition.status: condition.since for condition in store.runs.conditions(BOARD)}
    told = {
        "events": [type(event).__name__ for event in events],
        "statuses": list(statuses),
        "reason": store.runs.get(BOARD).reason,
        "seconds until it is ready": (statuses["running"] - statuses["starting"]).total_seconds(),
    }
    print(json.dumps(told))
    store.close()


async def followed(trigger, store):
    """The trigger's events."""
    asking = asyncio.ensure_future(end_train(store))
    events = [event async for event in trigger.run()]
    await asking
    return events


async def end_train(store):
    while store.runs.get(BOARD).status != "running":  # noqa: ASYNC110 - the store tells nobody
        await asyncio.sleep(0.05)
    store.runs.set_status(TRAIN, "succeeded", at=now())


if __name__ == "__main__":
    main()
