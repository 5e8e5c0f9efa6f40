"""`python -m tests.triggers.following NAMESPACE`: follow runs as a triggerer does; prints what came of them.

A service has an init container that takes a second. What it is there for ends once the service is ready. A job's end
is in the store, as by a triggerer that died before it could clean up.
"""

import asyncio
import json
import sys
import time
from datetime import timedelta

from polyaxon_airflow.clock import now
from polyaxon_airflow.compiler import RunContext, compile_operation, resolve
from polyaxon_airflow.configuration import kubernetes_runner, run_store
from polyaxon_airflow.execution.attempt import Attempt
from polyaxon_airflow.polyaxonfile import read_operation
from polyaxon_airflow.runners.base import RunIdentity
from polyaxon_airflow.runners.kubernetes.access import ClusterAccess
from polyaxon_airflow.runners.kubernetes.api import Api
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
JOB = (
    "{kind: component, name: job, run: {kind: job, container: {image: 'busybox:1', command: [sleep, '60']}}}"
)
BOARD, TRAIN, ENDED = "a" * 32, "b" * 32, "c" * 32


def main():
    store, access = run_store(), ClusterAccess("emulated", sys.argv[1])
    runner = kubernetes_runner(access, sys.argv[1])
    for uuid, name in ((BOARD, "board"), (TRAIN, "train"), (ENDED, "ended")):
        store.runs.begin(Run(uuid, name, now(), dag_id="d", dag_run_id="r", task_id=name))
        store.runs.set_status(uuid, "starting", at=now())
    handle = submit(SERVICE, BOARD, store, runner)
    service = {
        "address": None, "url": "http://board", "idle_after": None, "dag": ["d", "r"], "index": -1,
        "needed_by": [["train", [], False]],
    }  # fmt: skip
    attempt = Attempt(BOARD, service=service, keep=600).to_dict()
    trigger = RunTrigger(handle, attempt, access.to_dict(), deferred_at=time.time())
    events = asyncio.run(served(trigger, store))
    statuses = {condition.status: condition.since for condition in store.runs.conditions(BOARD)}
    told = {
        "events": events,
        "statuses": list(statuses),
        "reason": store.runs.get(BOARD).reason,
        "seconds until it is ready": (statuses["running"] - statuses["starting"]).total_seconds(),
        "kept for ten minutes": [store.kept.due(now() + timedelta(seconds=s)) for s in (500, 601)],
        "of a run that has ended": ended(access, store, runner),
    }
    print(json.dumps(told))
    store.close()


def submit(text, uuid, store, runner):
    """The handle of a run."""
    literal = resolve(compile_operation(read_operation(text)), RunContext())
    manifest = literal.run.manifest(Launch(uuid, "a-run", "acme", "digits"))
    handle = runner.submit(manifest, RunIdentity(uuid, "a-run", "acme", "digits"))
    store.runs.update(uuid, content=literal.to_dict(), handle=handle, at=now())
    return handle


def ended(access, store, runner):
    """The events of a run whose end is in the store, and whether its pod is still there."""
    handle = submit(JOB, ENDED, store, runner)
    store.runs.update(ENDED, meta={"finished_try": 1}, at=now())
    store.runs.set_status(ENDED, "succeeded", at=now())
    trigger = RunTrigger(handle, Attempt(ENDED).to_dict(), access.to_dict(), deferred_at=time.time())
    return asyncio.run(events_of(trigger)), asyncio.run(is_there(runner, handle))


async def is_there(runner, handle):
    """Whether a pod is, and nobody has asked for its end."""
    async with Api(runner.connect) as api:
        found = await api.find(f"/api/v1/namespaces/{handle['namespace']}/pods/{handle['name']}")
        return found is not None and "deletionTimestamp" not in found["metadata"]


async def served(trigger, store):
    """The events of the service's trigger."""
    asking = asyncio.ensure_future(end_train(store))
    events = await events_of(trigger)
    await asking
    return events


async def events_of(trigger):
    return [type(event).__name__ async for event in trigger.run()]


async def end_train(store):
    while store.runs.get(BOARD).status != "running":  # noqa: ASYNC110 - the store tells nobody
        await asyncio.sleep(0.05)
    store.runs.set_status(TRAIN, "succeeded", at=now())


if __name__ == "__main__":
    main()
