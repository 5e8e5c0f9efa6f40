"""Services: ready when they answer, and over when nobody needs them (spec sections 2.9, 2.17, 3.13)."""

import json
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from polyaxon_airflow.embedded import free_port
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.services import Attendance, all_ended, last_activity, needed_by
from polyaxon_airflow.store import Run
from tests.execution.flow import World

DAG = """
kind: component
name: flow
run:
  kind: dag
  operations:
  - name: board
    component: {run: {kind: service, ports: [6006], container: {image: b, command: ['true']}}}
  - name: other
    component: {run: {kind: service, ports: [6007], container: {image: b, command: ['true']}}}
  - name: train
    component: {run: {kind: job, container: {image: b, command: ['true']}}}
  - name: test
    dependencies: [train]
    component: {run: {kind: job, container: {image: b, command: ['true']}}}
  - name: after
    dependencies: [board]
    trigger: all_done
    component: {run: {kind: job, container: {image: b, command: ['true']}}}
  - name: sub
    component: {run: {kind: dag, operations: [{name: x, component: {run: {kind: job, container: {image: b, command: ['true']}}}}]}}
"""
SERVER = """
kind: component
name: board
termination: {timeout: %d, culling: {timeout: %d}, probe: {http: {path: /status, port: %d}}}
run:
  kind: service
  ports: [%d]
  container: {image: b, command: [python, -u, -c], args: ["%s"]}
"""
SERVE = "import http.server as h; h.HTTPServer(('127.0.0.1', {{ globals.ports[0] }}), h.BaseHTTPRequestHandler).serve_forever()"


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.clock = lambda: datetime.now(timezone.utc)
    yield made
    made.close()


@pytest.fixture
def status_page():
    """A server that says when it was last used: (its port, how to set that)."""
    told = {}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, lambda at: told.update(last_activity=at)
    server.shutdown()
    server.server_close()


def test_a_service_is_there_for_what_does_not_wait_for_it(world):
    plan = world.plan(DAG)
    needed = needed_by(plan, plan.node("board"))
    assert [task_id for task_id, _, _ in needed] == ["train", "test", "sub.x", "sub.outcome"]


@pytest.mark.parametrize(
    ("statuses", "ended"),
    [
        pytest.param({"a": "succeeded", "b": "succeeded"}, True, id="all have"),
        pytest.param({"a": "succeeded", "b": "running"}, False, id="one runs"),
        pytest.param({"a": "succeeded"}, False, id="one is to begin"),
        pytest.param({"a": "failed"}, True, id="one never begins, since the one before it failed"),
        pytest.param({}, False, id="none has begun"),
    ],
)
def test_when_all_that_need_it_have_ended(statuses, ended):
    assert all_ended([["a", [], False], ["b", ["a"], False]], statuses) == ended


def test_an_operation_that_decides_by_itself_is_waited_for():
    assert not all_ended([["a", [], False], ["b", ["a"], True]], {"a": "failed"})


def test_a_service_is_ready_when_it_answers_and_culled_when_it_is_idle(world, status_page):
    probe, used = status_page
    used((datetime.now(timezone.utc) - timedelta(hours=1)).isoformat())
    port = free_port()
    run = world.run(SERVER % (60, 1800, probe, port, SERVE))
    ended = run.ended["board"]
    assert ended.status == "stopped"
    assert ended.reason.startswith("nobody has used it for 36")
    assert f"the service answers at http://127.0.0.1:{port}" in world.lines
    statuses = [condition.status for condition in world.store.runs.conditions(ended.uuid)]
    assert statuses == ["starting", "running", "stopped"]


def test_a_service_in_use_goes_on_until_its_timeout(world, status_page):
    probe, used = status_page
    used(datetime.now(timezone.utc).isoformat())
    run = world.run(SERVER % (3, 1800, probe, free_port(), SERVE))
    assert (run.ended["board"].status, run.ended["board"].reason) == (
        "failed",
        "it ran longer than termination.timeout lets it",
    )


def test_a_probe_by_a_command_is_refused_at_its_place(world):
    text = (SERVER % (60, 60, 1, 6006, SERVE)).replace(
        "{http: {path: /status, port: 1}}", "{exec: {command: [ls]}}"
    )
    with pytest.raises(CompilationError, match="asked over HTTP") as refused:
        world.plan(text)
    assert refused.value.faults[0].path == ("termination", "probe", "exec")


@pytest.mark.parametrize("is_told", [True, False], ids=["its runner tells", "nobody can ask it"])
def test_when_a_service_that_cannot_be_reached_from_here_is_ready(world, is_told):
    world.store.runs.begin(Run("a" * 32, "board", world.clock()))
    service = {"address": None, "url": "http://board.ml.svc:80", "needed_by": [], "idle_after": None}
    attendance = Attendance(service, "a" * 32, world.store, world.clock, world.lines.append, is_told=is_told)
    assert attendance.why_stop() is None
    assert world.store.runs.get("a" * 32).status == ("created" if is_told else "running")
    attendance.ready()
    assert world.store.runs.get("a" * 32).status == "running"
    assert set(world.lines) == {"the service answers at http://board.ml.svc:80"}


def test_who_does_not_say_counts_as_used():
    assert last_activity(f"http://127.0.0.1:{free_port()}/api/status") is None
