"""The flow engine in a real Airflow: a service, a build, an approval, nested dags, endings, and runs that go on."""

import itertools
from datetime import datetime, timezone
from urllib.parse import quote

import pytest

from polyaxon_airflow.cli import main
from polyaxon_airflow.embedded import free_port
from polyaxon_airflow.rest import ApiError, run_path
from polyaxon_airflow.store import open_store
from tests import components

pytestmark = pytest.mark.e2e

BUILDER = """
kind: component
inputs: [{name: destination, type: image}]
run: {kind: job, container: {image: builder, command: [echo, "built {{ destination }}"]}}
"""
SERVE = (
    "import http.server as h; h.HTTPServer(('127.0.0.1', {{ globals.ports[0] }}), "
    "h.SimpleHTTPRequestHandler).serve_forever()"
)
ENGINE = """
kind: component
name: engine
outputs: [{name: best, type: float}]
run:
  kind: dag
  concurrency: 4
  operations:
  - name: board
    component:
      run:
        kind: service
        ports: [PORT]
        container: {image: b, command: [python, -u, -c], args: ["SERVE"]}
  - name: visit
    events: [{kinds: [run_status_running], ref: ops.board}]
    component:
      run:
        kind: job
        container:
          image: b
          command: [python, -c, "import urllib.request as r; print('saw', r.urlopen('http://127.0.0.1:PORT/').status)"]
  - name: prepare
    build: {hubRef: builder, params: {destination: {value: "data:v1"}}}
    component:
      outputs: [{name: rows, type: int}]
      run: {kind: job, container: {image: old, command: [sh, -c, "echo '{\\"rows\\": 0}' > $POLYAXON_OUTPUTS_FILE"]}}
  - name: train
    isApproved: false
    params: {rows: {ref: ops.prepare, value: outputs.rows}}
    component:
      inputs: [{name: rows, type: int}]
      outputs: [{name: best, type: float}]
      run: {kind: job, container: {image: b, command: [sh, -c, "echo '{\\"best\\": {{ rows }}.5}' > $POLYAXON_OUTPUTS_FILE"]}}
  - name: checks
    dependencies: [prepare]
    component:
      run:
        kind: dag
        concurrency: 1
        operations:
        - {name: one, component: {run: {kind: job, container: {image: b, command: [sleep, "2"]}}}}
        - {name: same, component: {run: {kind: job, container: {image: b, command: [sleep, "2"]}}}}
        - {name: two, component: {run: {kind: job, container: {image: b, command: [sleep, "2.5"]}}}}
  - name: publish
    dependencies: [train, checks]
    conditions: "{{ best > 1 }}"
    params: {best: {ref: ops.train, value: outputs.best}}
    component:
      inputs: [{name: best, type: float}]
      run: {kind: job, container: {image: b, command: ["true"]}}
"""


def executed(driver, dag_id, run_id, task_ids):
    """When the runs of tasks were at work, as the store has it; of those that found no results of others."""
    with open_store(f"sqlite:///{driver.airflow.home}/polyaxon/store.db") as store:
        runs = [store.runs.of_task(dag_id, run_id, task_id) for task_id in task_ids]
    return [(run.started_at, run.finished_at) for run in runs if run.cloning_kind is None]


def links(driver, dag_id, run_id, task_id):
    found = driver.client.get(f"{run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}/links")
    return {name: url for name, url in found["extra_links"].items() if url}


def test_a_dag_with_all_that_polyaxon_sells_as_its_flow_engine(driver):
    components.put(driver.airflow.dags, "builder", BUILDER)
    port = free_port()
    text = ENGINE.replace("PORT", str(port)).replace("SERVE", SERVE)
    dag_id = driver.drop("engine.yaml", text)

    first = driver.client.trigger(dag_id)
    driver.until(lambda: links(driver, dag_id, first, "board"), "the link of the service", patience=180)
    assert links(driver, dag_id, first, "board") == {"Service": f"http://127.0.0.1:{port}"}
    driver.answer(dag_id, first, "train_approval", "Approve")
    assert driver.wait(dag_id, first, patience=300) == "success"
    states = driver.states(dag_id, first)
    assert {name: state for name, state in states.items() if state != "success"} == {"publish": "skipped"}
    assert "saw 200" in driver.log(dag_id, first, "visit")
    assert "all that it was there for has ended" in driver.log(dag_id, first, "board")
    assert driver.xcom(dag_id, first, "outcome") == {"best": 0.5}
    assert "its condition {{ best > 1 }} is False" in driver.log(dag_id, first, "publish")
    logs = [driver.log(dag_id, first, f"checks.{name}") for name in ("one", "same", "two")]
    assert sum("cached: results of run" in log for log in logs) == 1  # of two that are the same
    ran = sorted(executed(driver, dag_id, first, ["checks.one", "checks.same", "checks.two"]))
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(ran))  # concurrency: 1

    second = driver.client.trigger(dag_id)
    driver.answer(dag_id, second, "train_approval", "Reject")
    assert driver.wait(dag_id, second, patience=300) == "success"
    states = driver.states(dag_id, second)
    assert (states["train_approval"], states["train"], states["publish"]) == ("skipped", "skipped", "skipped")
    assert "cached" in driver.log(dag_id, second, "prepare")
    (link,) = links(driver, dag_id, second, "prepare").items()
    assert link == (
        "Earlier run",
        f"{driver.airflow.url}/dags/engine/runs/{quote(first, safe='')}/tasks/prepare",
    )


ENDINGS = """
kind: component
name: endings
run:
  kind: dag
  operations:
  - name: fatal
    termination:
      maxRetries: 2
      podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}
    component: {run: {kind: job, container: {image: b, command: [sh, -c, "exit 42"]}}}
  - name: flaky
    termination: {maxRetries: 1}
    component:
      run:
        kind: job
        container: {image: b, command: [sh, -c, "mkdir {{ globals.run_outputs_path }}/seen && exit 1 || exit 0"]}
  - name: late
    termination: {timeout: 4}
    component: {run: {kind: job, container: {image: b, command: [sleep, "120"]}}}
  - name: sub
    component:
      run:
        kind: dag
        earlyStopping: [{kind: metric_early_stopping, metric: loss, value: 0.1, optimization: minimize}]
        operations:
        - name: good
          events: [{kinds: [run_status_running], ref: ops.slow}]
          component:
            outputs: [{name: loss, type: metric}]
            run: {kind: job, container: {image: b, command: [echo, "loss=0.01"]}}
        - name: slow
          component: {run: {kind: job, container: {image: b, command: [sleep, "300"]}}}
        - {name: next, dependencies: [good], component: {run: {kind: job, container: {image: b, command: ["true"]}}}}
"""


def test_how_runs_and_dags_end(driver):
    dag_id = driver.drop("endings.yaml", ENDINGS)
    run_id = driver.run(dag_id, patience=300)
    tasks = driver.tasks(dag_id, run_id)
    assert driver.states(dag_id, run_id) == {
        "fatal": "failed", "flaky": "success", "late": "failed", "outcome": "failed",
        "sub.good_event": "success",
        "sub.good": "success", "sub.slow": "success", "sub.next": "skipped", "sub.outcome": "success",
    }  # fmt: skip
    tries = {name: tasks[(name, -1)]["try_number"] for name in ("fatal", "flaky", "late")}
    assert tries == {"fatal": 1, "flaky": 2, "late": 1}
    assert "it ran longer than termination.timeout lets it" in driver.log(dag_id, run_id, "late")
    assert "operation 'good' reached loss 0.01" in driver.log(dag_id, run_id, "sub.next")
    assert driver.state(dag_id, run_id) == "failed"


AGAIN = """
kind: component
name: again
inputs: [{name: lr, type: float, value: 0.1}]
run:
  kind: job
  container: {image: b, command: [sh, -c, "cd {{ globals.run_outputs_path }} && echo lr={{ lr }} mode=$MODE found=$(ls); touch made"]}
"""
FAST = "runPatch: {container: {env: [{name: MODE, value: fast}]}}\n"


def test_a_run_is_restarted_with_a_preset_copied_and_resumed(driver, tmp_path, capsys):
    dag_id = driver.drop("again.yaml", AGAIN)
    driver.run(dag_id, {"lr": 0.5})
    store = f"sqlite:///{driver.airflow.home}/polyaxon/store.db"
    with open_store(store) as runs:
        (first,) = runs.runs.find("name:again", at=datetime.now(timezone.utc))
    (tmp_path / "fast.yaml").write_text(FAST)
    where = ["--store", store, "--home", str(driver.airflow.home)]
    assert main(["runs", "restart", first.uuid, "-f", str(tmp_path / "fast.yaml"), *where]) == 0
    restarted = capsys.readouterr().out.strip()
    assert driver.wait(dag_id, restarted) == "success"
    assert "lr=0.5 mode=fast found=\n" in driver.log(dag_id, restarted, "again") + "\n"
    assert links(driver, dag_id, restarted, "again")["Earlier run"].endswith("/tasks/again")
    assert main(["runs", "copy", first.uuid[:12], *where]) == 0
    copied = capsys.readouterr().out.strip()
    assert driver.wait(dag_id, copied) == "success"
    assert "lr=0.5 mode= found=made\n" in driver.log(dag_id, copied, "again") + "\n"
    assert main(["runs", "resume", first.uuid, *where]) == 0, capsys.readouterr().err
    resumed = capsys.readouterr().out.strip()
    assert driver.wait(dag_id, resumed) == "success"
    assert "lr=0.5 mode= found=made\n" in driver.log(dag_id, resumed, "again") + "\n"  # with its files
    with open_store(store) as runs:
        run = runs.runs.get(first.uuid)
        (copy,) = runs.runs.find(
            f"original:{first.uuid}, name:again, status:succeeded",
            at=datetime.now(timezone.utc),
            sort="-created_at",
            limit=1,
        )
    assert (copy.dag_run_id, copy.cloning_kind) == (copied, "copy")
    assert (run.dag_run_id, run.status, run.inputs) == (resumed, "succeeded", {"lr": 0.5})


SWEEP = """
kind: operation
name: dagsweep
matrix: {kind: mapping, values: [{x: 0.5}, {x: 0.25}, {x: 0.75}]}
component:
  inputs: [{name: x, type: float}]
  outputs: [{name: loss, type: metric}]
  run:
    kind: dag
    operations:
    - name: prepare
      params: {x: {ref: dag, value: inputs.x}}
      component:
        inputs: [{name: x, type: float}]
        outputs: [{name: y, type: float}]
        run: {kind: job, container: {image: b, command: [sh, -c, "echo '{\\"y\\": {{ x }}}' > $POLYAXON_OUTPUTS_FILE"]}}
    - name: fit
      params: {y: {ref: ops.prepare, value: outputs.y}}
      component:
        inputs: [{name: y, type: float}]
        outputs: [{name: loss, type: float}]
        run:
          kind: job
          container:
            image: b
            command: [sh, -c, "[ {{ y }} != 0.75 ] && echo '{\\"loss\\": {{ y }}}' > $POLYAXON_OUTPUTS_FILE"]
"""


def test_a_matrix_over_a_dag_is_a_mapped_task_group(driver):
    dag_id = driver.drop("dagsweep.yaml", SWEEP)
    run_id = driver.run(dag_id, patience=300)
    states = driver.states(dag_id, run_id)
    assert {name: state for name, state in states.items() if state != "success"} == {
        "dagsweep.trial.fit[2]": "failed", "dagsweep.trial.outcome[2]": "failed"
    }  # fmt: skip
    assert driver.state(dag_id, run_id) == "success"
    best = driver.xcom(dag_id, run_id, "dagsweep.best")["best"]
    assert (best["index"], best["params"], best["value"]) == (1, {"x": 0.25}, 0.25)
    labels = {
        task["rendered_map_index"]
        for (name, _), task in driver.tasks(dag_id, run_id).items()
        if name.endswith("params")
    }
    assert labels == {"x=0.5", "x=0.25", "x=0.75"}


FILLED = """
kind: operation
name: filled
schedule: {kind: cron, cron: "0 0 * * *", startAt: 2026-01-01T00:00:00+00:00, maxRuns: 1, catchup: false}
component:
  run: {kind: job, container: {image: b, command: [echo, "day {{ globals.schedule_at }}"]}}
"""


def test_a_backfill_gives_each_run_its_day(driver):
    dag_id = driver.drop("filled.yaml", FILLED)
    days = {"from_date": "2026-01-05T00:00:00Z", "to_date": "2026-01-06T00:00:00Z"}

    def asked():
        try:
            body = {"dag_id": dag_id, **days, "max_active_runs": 2, "run_backwards": False}
            return driver.client.post("/backfills", body)
        except ApiError as error:
            if error.status != 503:  # Airflow makes no backfill while another process writes to SQLite
                raise
            return False

    driver.until(asked, "the backfill to be made", patience=120)

    def filled():
        runs = driver.client.get(f"/dags/{dag_id}/dagRuns")["dag_runs"]
        return [run for run in runs if run["run_type"] == "backfill" and run["state"] == "success"]

    driver.until(lambda: len(filled()) == 2, "the two days", patience=240)
    logs = {run["logical_date"][:10]: driver.log(dag_id, run["dag_run_id"], "filled") for run in filled()}
    assert set(logs) == {"2026-01-05", "2026-01-06"}
    assert all(f"day {day} 00:00:00" in log for day, log in logs.items())
