"""Values between runs, and who lets them start, in a real Airflow: what no other end-to-end test has a reason to use."""

import json

import pytest

from polyaxon_airflow.embedded import free_port
from polyaxon_airflow.store import open_store

pytestmark = pytest.mark.e2e

SCRIPT = (
    """echo '{"zero": 0, "empty": "", "no": false, "text": "007", "list": [1, 2]}' > $POLYAXON_OUTPUTS_FILE"""
)
VALUES = """
kind: component
name: values
inputs: [{name: x, type: int, value: 3}]
run:
  kind: dag
  environment: {labels: {team: red}}
  connections: [api]
  operations:
  - name: source
    cache: {disable: true}
    params: {x: {ref: dag, value: inputs.x}}
    component:
      inputs: [{name: x, type: int}]
      outputs:
      - {name: zero, type: int}
      - {name: empty, type: str}
      - {name: "no", type: bool}
      - {name: text, type: str}
      - {name: list, type: int, isList: true}
      run:
        kind: job
        container: {image: b, command: [sh, -c], args: [SCRIPT]}
  - name: typed
    params:
      zero: {ref: ops.source, value: outputs.zero}
      empty: {ref: ops.source, value: outputs.empty}
      "no": {ref: ops.source, value: outputs.no}
      text: {ref: ops.source, value: outputs.text}
      list: {ref: ops.source, value: outputs.list}
      x: {ref: ops.source, value: inputs.x}
      status: {ref: ops.source, value: globals.status}
      uuid: {ref: ops.source, value: globals.uuid}
    component:
      inputs:
      - {name: zero, type: int}
      - {name: empty, type: str}
      - {name: "no", type: bool}
      - {name: text, type: str, toEnv: TEXT}
      - {name: list, type: int, isList: true}
      - {name: x, type: int}
      - {name: status, type: str}
      - {name: uuid, type: str}
      run:
        kind: job
        container:
          image: b
          command: [sh, -c]
          args: ['echo "got [{{ zero }}] [{{ empty }}] [{{ no }}] [{{ list }}] [{{ x }}] [{{ status }}] [{{ uuid }}] [$TEXT] [$API_URL]"']
  - name: liar
    component:
      outputs: [{name: n, type: int}]
      run: {kind: job, container: {image: b, command: [sh, -c, "echo '{\\"n\\": \\"seven\\"}' > $POLYAXON_OUTPUTS_FILE"]}}
  - name: mistyped
    dependencies: [source]
    params: {n: {ref: ops.liar, value: outputs.n}}
    component:
      inputs: [{name: n, type: int}]
      run: {kind: job, container: {image: b, command: ["true"]}}
  - name: one-succeeded
    dependencies: [source, mistyped]
    trigger: one_succeeded
    component: {run: {kind: job, container: {image: b, command: ["true"]}}}
  - name: later
    dependencies: [mistyped]
    trigger: all_done
    component: {run: {kind: job, container: {image: b, command: ["true"]}}}
  - name: one-failed
    dependencies: [mistyped, later]
    trigger: one_failed
    component: {run: {kind: job, container: {image: b, command: ["true"]}}}
  - name: one-done
    dependencies: [typed]
    trigger: one_done
    conditions: "{{ globals.project_name == 'no such project' }}"
    component: {run: {kind: job, container: {image: b, command: ["true"]}}}
  - name: by-preset
    presets: [ask-first]
    component: {run: {kind: job, container: {image: b, command: ["true"]}}}
  - name: sub
    isApproved: false
    component:
      run:
        kind: dag
        operations: [{name: inner, component: {run: {kind: job, container: {image: b, command: ["true"]}}}}]
  - name: tries
    isApproved: false
    matrix: {kind: mapping, values: [{y: 1}]}
    component:
      inputs: [{name: y, type: int}]
      run: {kind: job, container: {image: b, command: ["true"]}}
"""


def store(driver):
    return open_store(f"sqlite:///{driver.airflow.home}/polyaxon/store.db")


@pytest.fixture
def api(airflow):
    """A connection of the deployment, while its file is there."""
    file = airflow.dags / "connections.yaml"
    variable = "{name: API_URL, value: http://api}"
    file.write_text(f"connections: [{{name: api, kind: custom, env: [{variable}]}}]\n")
    yield
    file.unlink()


@pytest.mark.usefixtures("api")
def test_values_arrive_as_they_were_and_people_let_operations_start(driver):
    presets = driver.airflow.dags / "presets"
    presets.mkdir(exist_ok=True)
    (presets / "ask-first.yaml").write_text("isApproved: false\n")
    dag_id = driver.drop("values.yaml", VALUES.replace("SCRIPT", json.dumps(SCRIPT)))
    run_id = driver.trigger(dag_id)
    for asked, choice in (
        ("by-preset_approval", "Approve"),
        ("sub.approval", "Reject"),
        ("tries.approval", "Approve"),
    ):
        driver.answer(dag_id, run_id, asked, choice)
    assert driver.wait(dag_id, run_id, patience=300) == "failed"
    states = driver.states(dag_id, run_id)
    assert {name: state for name, state in states.items() if state != "success"} == {
        "mistyped": "failed", "one-done": "skipped", "sub.approval": "skipped", "sub.inner": "skipped",
        "sub.outcome": "skipped", "outcome": "failed",
    }  # fmt: skip
    with store(driver) as runs:
        source, typed = (runs.runs.of_task(dag_id, run_id, name) for name in ("source", "typed"))
    got = f"got [0] [] [False] [[1, 2]] [3] [succeeded] [{source.uuid}] [007] [http://api]"
    assert got in driver.log(dag_id, run_id, "typed")
    assert typed.content["run"]["environment"]["labels"] == {"team": "red"}
    assert "'n'" in driver.log(dag_id, run_id, "mistyped")
    assert "its condition {{ globals.project_name" in driver.log(dag_id, run_id, "one-done")


READ = """
kind: component
name: reading
inputs: [{name: loss, type: float, value: 0.9}]
run:
  kind: dag
  operations:
  - name: once
    cache: {disable: false}
    component: &made
      outputs: [{name: loss, type: metric}]
      run: {kind: job, container: {image: b, command: [sh, -c, "echo loss=0.25"]}}
  - {name: twice, cache: {disable: true}, component: *made}
  - name: joined
    dependencies: [once, twice]
    params: {most: {value: 0.5}}
    joins:
    - query: "name:once|twice, metrics.loss:<{{ most }}, status:succeeded"
      sort: name
      limit: 2
      params: {losses: {value: outputs.loss}, names: {value: globals.name}}
    component:
      inputs: [{name: most, type: float}, {name: losses, type: float, isList: true}, {name: names, type: str, isList: true}]
      run: {kind: job, container: {image: b, command: [echo, "joined {{ losses }} {{ names }}"]}}
  - name: board
    termination: {culling: {timeout: 1}, probe: {http: {path: /api/status, port: PORT}}}
    component:
      run:
        kind: service
        ports: [PORT]
        container: {image: b, command: [python, -u, -c], args: ["SERVE"]}
"""
SERVE = """
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"last_activity": "2020-01-01T00:00:00Z"}')
http.server.HTTPServer(("127.0.0.1", PORT), Page).serve_forever()
"""
BY_UUID = """
kind: operation
name: by_uuid
params: {loss: {ref: runs.UUID, value: outputs.loss}}
component:
  inputs: [{name: loss, type: float}]
  run: {kind: job, container: {image: b, command: [echo, "read {{ loss }}"]}}
"""


def test_runs_read_others_by_queries_and_by_uuid_and_unused_services_end(driver):
    port = str(free_port())
    text = READ.replace('"SERVE"', json.dumps(SERVE)).replace("PORT", port)
    dag_id = driver.drop("reading.yaml", text)
    run_id = driver.run(dag_id, patience=300)
    states = driver.states(dag_id, run_id)
    assert {states[name] for name in ("once", "twice", "joined")} == {"success"}
    assert "joined [0.25, 0.25] ['once', 'twice']" in driver.log(dag_id, run_id, "joined")
    assert "nobody has used it for" in driver.log(dag_id, run_id, "board")
    with store(driver) as runs:
        once, twice, joined = (
            runs.runs.of_task(dag_id, run_id, name) for name in ("once", "twice", "joined")
        )
        edges = {(edge.upstream, edge.kind) for edge in runs.lineage.edges(joined.uuid)}
    assert edges == {(run.uuid, kind) for run in (once, twice) for kind in ("dag", "join")}
    assert twice.cloning_kind is None  # it takes nothing from the cache

    other = driver.drop("by_uuid.yaml", BY_UUID.replace("UUID", once.uuid))
    read = driver.run(other)
    assert "read 0.25" in driver.log(other, read, "by_uuid")


CACHING = """
kind: component
name: caching
run:
  kind: dag
  components:
  - name: one
    inputs: [{name: x, type: int}, {name: note, type: str}]
    run: {kind: job, container: {image: b, command: [echo, one]}}
  - name: two
    inputs: [{name: x, type: int}, {name: note, type: str}]
    run: {kind: job, container: {image: b, command: [echo, two]}}
  operations:
  - {name: first, dagRef: one, params: {x: 7, note: a}, cache: {io: [x], sections: [init]}}
  - {name: note, dependencies: [first], dagRef: one, params: {x: 7, note: b}, cache: {io: [x], sections: [init]}}
  - {name: command, dependencies: [first], dagRef: two, params: {x: 7, note: a}, cache: {io: [x], sections: [init]}}
  - {name: value, dependencies: [first], dagRef: one, params: {x: 8, note: a}, cache: {io: [x], sections: [init]}}
  - name: pause
    dependencies: [note, command, value]
    cache: {disable: true}
    component: {run: {kind: job, container: {image: b, command: [sleep, "2"]}}}
  - {name: late, dependencies: [pause], dagRef: one, params: {x: 7, note: a}, cache: {io: [x], sections: [init], ttl: 1}}
"""


def test_what_counts_for_the_cache_and_for_how_long(driver):
    dag_id = driver.drop("caching.yaml", CACHING)
    run_id = driver.run(dag_id)
    names = ("first", "note", "command", "value", "late")
    cached = {name for name in names if "cached: results of run" in driver.log(dag_id, run_id, name)}
    assert cached == {"note", "command"}
