"""`python -m tests.triggers.culling NAMESPACE PORT`: follow a service that nobody uses any more; prints what came of it.

The first two who ask its page are told that it is in use, the others that nobody has used it for an hour.
"""

import asyncio
import json
import sys
import time

from polyaxon_airflow.clock import now
from polyaxon_airflow.compiler import RunContext, compile_operation, resolve
from polyaxon_airflow.configuration import kubernetes_runner, run_store
from polyaxon_airflow.execution.attempt import Attempt
from polyaxon_airflow.execution.identity import TaskIdentity
from polyaxon_airflow.execution.services import service_of
from polyaxon_airflow.execution.task import Task
from polyaxon_airflow.plan.build import plan_of
from polyaxon_airflow.polyaxonfile import read_operation
from polyaxon_airflow.runners.kubernetes.access import ClusterAccess
from polyaxon_airflow.store import Run
from polyaxon_airflow.triggers.run import RunTrigger
from tests.triggers.following import events_of, is_there, submit

PAGE = """
import datetime, http.server, json

class Page(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Page.asked += 1
        ago = datetime.timedelta(hours=Page.asked > 2)
        self.send_response(200 if self.path == "/used" else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"last_activity": str(datetime.datetime.now(datetime.timezone.utc) - ago)}).encode())

http.server.HTTPServer(("127.0.0.1", %d), Page).serve_forever()
"""


def main():
    namespace, port = sys.argv[1], int(sys.argv[2])
    text = json.dumps(
        {
            "kind": "component",
            "name": "board",
            "termination": {"culling": {"timeout": 4}, "probe": {"http": {"path": "/used", "port": port}}},
            "run": {
                "kind": "service",
                "ports": [port],
                "container": {"image": "python", "command": [sys.executable, "-c", PAGE % port]},
            },
        }
    )
    store, access = run_store(), ClusterAccess("emulated", namespace)
    runner = kubernetes_runner(access, namespace)
    compiled = compile_operation(read_operation(text))
    plan = plan_of(compiled, dag_id="board", text=text)
    task = Task(TaskIdentity("board", "r", "board"), plan, plan.node("board"))
    uuid = task.identity.run_uuid
    store.runs.begin(Run(uuid, "board", now(), dag_id="board", dag_run_id="r", task_id="board"))
    store.runs.set_status(uuid, "starting", at=now())
    handle = submit(text, uuid, store, runner)
    attempt = Attempt(uuid, service=service_of(resolve(compiled, RunContext()), handle, task))
    trigger = RunTrigger(handle, attempt.to_dict(), access.to_dict(), deferred_at=time.time())
    told = {
        "events": asyncio.run(events_of(trigger)),
        "statuses": [condition.status for condition in store.runs.conditions(uuid)],
        "reason": store.runs.get(uuid).reason,
        "url": attempt.service["url"],
        "its pod is there": asyncio.run(is_there(runner, handle)),
    }
    print(json.dumps(told))
    store.close()


if __name__ == "__main__":
    main()
