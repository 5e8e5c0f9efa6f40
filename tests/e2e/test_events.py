"""Events with a real Airflow: operations that wait for others, and polyaxonfiles that start when something happens."""

import contextlib
import json
import re
import subprocess
import sys

import pytest

from polyaxon_airflow.store import open_store
from polyaxon_airflow.watching.overview import overview
from tests.init.gitserver import Repository, git
from tests.watching.registries import manifest, registry

pytestmark = pytest.mark.e2e

CONNECTIONS = """
connections:
- {{name: code, kind: git, schema: {{url: "{folder}/code"}}}}
- {{name: lake, kind: host_path, schema: {{hostPath: "{folder}/lake", mountPath: /lake}}}}
- {{name: registry, kind: registry, schema: {{url: "{registry}"}}}}
"""
PATIENCE = 180


@pytest.fixture(scope="module")
def images():
    """A registry."""
    with registry() as server:
        server.images["team/app"] = {"v1": manifest("first")}
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory, airflow, images):
    """Where the watched repository and files are. The deployment's connections are those of this module meanwhile."""
    made = tmp_path_factory.mktemp("events")
    (made / "lake").mkdir()
    Repository(made / "code").commit("first")
    with connections(airflow.dags / "connections.yaml", CONNECTIONS.format(folder=made, registry=images.url)):
        yield made


@contextlib.contextmanager
def connections(file, text):
    before = file.read_text() if file.exists() else None
    file.write_text(text)
    yield
    file.unlink() if before is None else file.write_text(before)


@pytest.fixture
def drop(driver):
    """Drops polyaxonfiles, and takes them away in the end: what is watched costs polls."""
    dropped = []

    def put(name, text):
        dropped.append(driver.airflow.dags / f"{name}.yaml")
        return driver.drop(f"{name}.yaml", text)

    yield put
    for file in dropped:
        file.unlink()


def op(name, script="true", **fields):
    more = "".join(f", {key}: {value}" for key, value in fields.items())
    return (
        f"{{name: {name}{more}, component: {{run: {{kind: job, "
        f"container: {{image: busybox, command: [sh, -c], args: ['{script}']}}}}}}}}"
    )


def test_an_operation_starts_when_another_gets_somewhere_and_without_that_the_trigger_decides(
    driver, drop, tmp_path
):
    running, failed = (
        f"[{{kinds: [run_status_{status}], ref: ops.train}}]" for status in ("running", "failed")
    )
    operations = [
        # It cannot end before the operation that waits for it to run has run.
        op("train", f"until [ -e {tmp_path}/board ]; do sleep 0.2; done"),
        op("board", f"touch {tmp_path}/board", events=running),
        op("skipped", events=failed),
        op("anyway", events=failed, trigger="all_done"),
        op("unwanted", events=running, conditions='"{{ 1 > 2 }}"'),
    ]
    text = "kind: component\nname: inside\nrun:\n  kind: dag\n  operations:\n" + "".join(
        f"  - {operation}\n" for operation in operations
    )
    dag_id = drop("inside", text)
    run_id = driver.run(dag_id, patience=PATIENCE)
    states = driver.states(dag_id, run_id)
    assert {name: states[name] for name in ("train", "board", "skipped", "anyway", "unwanted")} == {
        "train": "success",
        "board": "success",
        "skipped": "skipped",
        "anyway": "success",
        "unwanted": "skipped",
    }
    assert driver.state(dag_id, run_id) == "success"
    assert "no run_status_failed of ops.train (train succeeded)" in driver.log(dag_id, run_id, "skipped")


WEAK = """
kind: component
name: weak
run:
  kind: job
  container:
    image: busybox
    command: [sh, -c]
    args:
    - |
      echo '{"auc": 0.5}' > $POLYAXON_METRICS_FILE
      mkdir -p {{ globals.run_outputs_path }} && touch {{ globals.run_outputs_path }}/model.txt
      exit 1
"""
EVERYTHING = """
kind: operation
name: everything
events:
- {kinds: [connection_git_commit], ref: "connections.code?path=*.py&every=1s"}
- {kinds: [connection_dataset_version], ref: "connections.lake?path=days/{day}/_SUCCESS&every=1s"}
- {kinds: [connection_registry_image], ref: "connections.registry?image=team/app&tag=v*&every=1s"}
- {kinds: [run_status_failed], ref: "dags.weak?every=1s"}
- {kinds: [alert_warning], ref: "runs?query=metrics.auc:<0.8, name:weak&every=1s"}
- {kinds: [model_version_new_metric], ref: "dags.weak?query=metrics.auc:>0.4&every=1s"}
- {kinds: [run_new_artifacts], ref: "dags.weak?artifact=model*&every=1s"}
- {kinds: [run_invalidated_actor], ref: "dags.weak?every=1s"}
- {kinds: [project_custom_event], ref: events.everything}
- {kinds: [org_custom_event], ref: events.everywhere}
component:
  inputs:
  - {name: kind, type: str, value: "{{ globals.event.kind }}"}
  - {name: what, type: str, value: "{{ globals.event.label }}"}
  run:
    kind: job
    container: {image: busybox, command: [echo], args: ["{{ kind }} told of {{ what }}"]}
"""


def test_each_event_of_each_kind_starts_one_run_that_knows_it(driver, drop, folder, images):
    drop("weak", WEAK)
    drop("everything", EVERYTHING)
    driver.until(lambda: len(watched(driver)) == 8, "the first poll of eight watches", PATIENCE)
    for day in ("2026-01-01", "2026-01-02"):
        (folder / "lake" / "days" / day).mkdir(parents=True)
        (folder / "lake" / "days" / day / "_SUCCESS").touch()
    images.images["team/app"]["v2"] = manifest("second")
    shas = [commit(folder, f"change {number}", "model.py") for number in range(3)]
    commit(folder, "of another file", "README")
    weak = driver.run("weak")
    command(driver.airflow, "events", "send", "everything", "--data", "rows=500", "--label", "more labels")
    command(driver.airflow, "events", "send", "everywhere")
    (failed,) = (event for event in events_of(driver, 12) if event["kind"] == "run_status_failed")
    command(driver.airflow, "runs", "invalidate", failed["run"], "--by", "ada")
    events = events_of(driver, 13)
    told = {kind: [e for e in events if e["kind"] == kind] for kind in {e["kind"] for e in events}}
    assert [event["sha"] for event in told.pop("connection_git_commit")] == shas
    assert [e["partition"] for e in told.pop("connection_dataset_version")] == [
        {"day": "2026-01-01"},
        {"day": "2026-01-02"},
    ]
    assert {kind: len(found) for kind, found in told.items()} == {
        "connection_registry_image": 1,
        "run_status_failed": 1,
        "alert_warning": 1,
        "model_version_new_metric": 1,
        "run_new_artifacts": 1,
        "run_invalidated_actor": 1,
        "project_custom_event": 1,
        "org_custom_event": 1,
    }
    assert told["connection_registry_image"][0]["tag"] == "v2"
    assert told["run_status_failed"][0]["dag_id"] == "weak"
    assert told["alert_warning"][0]["outputs"]["auc"] == 0.5
    assert told["model_version_new_metric"][0]["run"] == failed["run"]
    assert told["run_new_artifacts"][0]["artifact"] == "model.txt"
    assert told["run_invalidated_actor"][0]["actor"] == "ada"
    assert told["project_custom_event"][0]["rows"] == 500
    assert driver.state("weak", weak) == "failed"
    is_visible(driver, shas)


def events_of(driver, count):
    """What the runs of `everything` were told, once there are so many."""
    return [run["conf"]["event"] for run in started(driver, "everything", count)]


def is_visible(driver, shas):
    """A run's log, the dispatcher's, and the list of watches say what happened."""
    (first, *_) = (run for run in runs(driver, "everything") if run["conf"]["event"].get("sha") == shas[0])
    log = driver.log("everything", first["dag_run_id"], "everything")
    assert f"connection_git_commit told of {shas[0][:12]}" in log
    dispatched = [run["dag_run_id"] for run in runs(driver, "everything.events") if run["state"] == "success"]
    logs = "".join(driver.log("everything.events", run_id, "dispatch") for run_id in dispatched)
    assert all(f"{sha[:12]}, run event__{sha[:12]}" in logs for sha in shas)
    assert re.search(r"  polled .*, next .*\n  3 events, .*\n  cursor: {\"refs/heads/main\": ", logs)
    listed = {line["watch"]: line for line in json.loads(command(driver.airflow, "events", "ls", "--json"))}
    watch = listed["git connections.code?every=1s&path=*.py"]
    assert (watch["events"], watch["last"]["sha"], watch["waiting"]) == (3, shas[-1], {"everything": 0})
    assert watch["polled_at"] < watch["next_poll_at"]
    assert watch["error"] is None


COALESCED = """
kind: operation
name: batched
events: [{kinds: [connection_git_commit], ref: "connections.code?branch=nightly&every=1s&coalesce=true"}]
component:
  inputs: [{name: commits, type: str, value: "{{ globals.events | length }}"}]
  run: {kind: job, container: {image: busybox, command: [echo], args: ["one for {{ commits }}"]}}
"""


def test_a_paused_polyaxonfile_gets_its_run_when_it_is_resumed_one_for_all_if_it_wants(driver, drop, folder):
    git(folder / "code", "branch", "nightly")
    dag_id = drop("batched", COALESCED)
    name = "git connections.code?branch=nightly&every=1s"
    driver.until(lambda: name in watched(driver), "the first poll", PATIENCE)
    driver.pause(f"{dag_id}.events", paused=True)
    driver.pause(dag_id, paused=True)
    git(folder / "code", "checkout", "--quiet", "nightly")
    shas = [commit(folder, f"night {number}", "night.py") for number in range(4)]
    git(folder / "code", "checkout", "--quiet", "main")
    driver.until(lambda: watched(driver)[name].events == 4, "4 events", PATIENCE)
    assert runs(driver, dag_id) == []
    driver.pause(f"{dag_id}.events", paused=False)
    driver.pause(dag_id, paused=False)
    (run,) = started(driver, dag_id, 1)
    assert [event["sha"] for event in run["conf"]["events"]] == shas
    assert run["conf"]["event"]["sha"] == shas[-1]
    assert "one for 4" in driver.log(dag_id, run["dag_run_id"], dag_id)


def commit(folder, message, file):
    """The sha of a commit that changes a file."""
    code = folder / "code"
    (code / file).write_text(message)
    git(code, "add", "--all")
    git(code, "commit", "--quiet", "-m", message)
    return git(code, "rev-parse", "HEAD")


def watched(driver):
    """The watches that know what is there already, by name."""
    with open_store(f"sqlite:///{driver.airflow.home}/polyaxon/store.db") as store:
        return {line.watch: line for line in overview(store) if line.cursor is not None}


def runs(driver, dag_id):
    return driver.client.get(f"/dags/{dag_id}/dagRuns", order_by="run_after", limit=100)["dag_runs"]


def started(driver, dag_id, count):
    """The runs of a polyaxonfile once there are so many and all have succeeded; there are no more."""
    driver.until(
        lambda: (
            len(found := runs(driver, dag_id)) >= count
            and all(run["state"] in ("success", "failed") for run in found)
        ),
        f"{count} runs of {dag_id}",
        PATIENCE,
    )
    found = runs(driver, dag_id)
    assert [run["state"] for run in found] == ["success"] * count
    return found


def command(airflow, *words):
    """What a command of the CLI prints."""
    code = "import sys; from polyaxon_airflow.cli import main; sys.exit(main(sys.argv[1:]))"
    login = {"AIRFLOW_USER": "admin", "AIRFLOW_PASSWORD": airflow.password}
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**airflow.environment(), **login},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
