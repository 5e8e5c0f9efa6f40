"""Queues and presets in a real Airflow: where runs go, how many at once, what they cost, what is refused."""

from itertools import pairwise

import pytest

from polyaxon_airflow.cli import main
from polyaxon_airflow.execution.identity import TaskIdentity
from polyaxon_airflow.rest import ApiError
from polyaxon_airflow.store import open_store
from tests import components

pytestmark = pytest.mark.e2e

QUEUES = """
agents: [{name: lab, queues: [{name: placing}, {name: other}, {name: big, concurrency: 4, quota: {gpu: 8}}]}]
"""
PRESET = "queue: big\ncost: 3600\nrunPatch: {container: {resources: {limits: {nvidia.com/gpu: 4}}}}\n"
JOB = """
kind: component
name: placed
queue: "{{ tier }}"
inputs: [{name: tier, type: str, value: placing}]
run: {kind: job, container: {image: training, command: ["true"]}}
"""
AGAIN = "queue: other\ntermination: {maxRetries: 1}\n"
FAILING = """
kind: component
name: failing_twice
hooks: [{hubRef: told}, {hubRef: told, presets: [large]}]
run: {kind: job, container: {image: training, command: ["false"]}}
"""
TOLD = "kind: component\nrun: {kind: job, container: {image: training, command: [echo, 'it {{ status }}']}}\n"
LASTING = """
kind: component
name: lasting
queue: placing
cache: {disable: false}
inputs: [{name: tier, type: str, value: big}]
hooks: [{hubRef: told, queue: "{{ tier }}"}]
run: {kind: job, container: {image: training, command: ["true"]}}
"""
FLOW = """
kind: component
name: narrow
run:
  kind: dag
  operations:
  - name: inner
    component:
      cache: {disable: true}
      run:
        kind: dag
        concurrency: 1
        operations:
        - {name: a, component: {run: {kind: job, container: {image: training, command: [sleep, "4"]}}}}
        - {name: b, component: {run: {kind: job, container: {image: training, command: [sleep, "4"]}}}}
        - {name: c, component: {run: {kind: job, container: {image: training, command: [sleep, "4"]}}}}
"""


@pytest.fixture(scope="module")
def queued(airflow):
    """The deployment with queues and a preset; without them again after these tests."""
    presets = {"large": PRESET, "again": AGAIN}
    files = {airflow.dags / "presets" / f"{name}.yaml": text for name, text in presets.items()}
    files[airflow.dags / "queues.yaml"] = QUEUES
    for file, text in files.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    yield airflow
    for file in files:
        file.unlink()


def test_a_run_goes_where_its_file_its_presets_and_its_trigger_say(queued, driver, capsys):
    dag_id = driver.drop("placed.yaml", JOB)
    own = driver.run(dag_id)
    value = driver.run(dag_id, {"tier": "other"})
    preset = driver.run(dag_id, {"presets": ["large"]})
    both = driver.run(dag_id, {"presets": ["large"], "queue": "lab/other"})
    places = [
        (task["pool"], task["pool_slots"])
        for run_id in (own, value, preset, both)
        for task in driver.tasks(dag_id, run_id).values()
    ]
    assert places == [("lab.placing", 1), ("lab.other", 1), ("lab.big", 2), ("lab.other", 2)]
    for refused in ({"presets": ["unknown"]}, {"queue": "lab/unknown"}, {"tier": "unknown"}):
        with pytest.raises(ApiError) as raised:
            driver.client.trigger(dag_id, refused)
        assert raised.value.status == 400

    store = f"sqlite:///{queued.home}/polyaxon/store.db"
    main(["runs", "cost", "--by", "queue", "--store", store])
    costs = {line.split()[0]: float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()[1:]}
    assert costs["lab/placing"] == 0
    assert costs["lab/big"] > 0


def test_a_chosen_preset_sets_the_retries_of_a_run_and_reaches_its_hook(queued, driver):
    components.put(queued.dags, "told", TOLD)
    dag_id = driver.drop("failing_twice.yaml", FAILING)
    run_id = driver.client.trigger(dag_id, {"presets": ["again"]})
    assert driver.wait(dag_id, run_id) == "failed"
    tasks = driver.tasks(dag_id, run_id)
    names = ("failing_twice", "failing_twice_hook_0", "failing_twice_hook_1")
    ended = [
        (task["state"], task["try_number"], task["pool"]) for task in (tasks[name, -1] for name in names)
    ]
    assert ended == [("failed", 2, "lab.other"), ("success", 1, "lab.other"), ("success", 1, "lab.other")]


def test_a_cached_run_starts_nothing_and_its_hook_goes_to_the_queue_that_the_trigger_names(queued, driver):
    components.put(queued.dags, "told", TOLD)
    dag_id = driver.drop("lasting.yaml", LASTING)
    first, second = (driver.run(dag_id, {"tier": "other"}) for _ in range(2))
    for run_id in (first, second):
        pools = {task["task_id"]: task["pool"] for task in driver.tasks(dag_id, run_id).values()}
        assert pools == {"lasting": "lab.placing", "lasting_hook": "lab.other"}
    with open_store(f"sqlite:///{queued.home}/polyaxon/store.db") as store:
        executed, cached = (
            store.runs.get(TaskIdentity(dag_id, run_id, "lasting").run_uuid) for run_id in (first, second)
        )
        statuses = [condition.status for condition in store.runs.conditions(cached.uuid)]
    assert (cached.status, cached.original, cached.cloning_kind) == ("succeeded", executed.uuid, "cache")
    assert (cached.handle, "starting" in statuses) == (None, False)  # no process was started for it
    assert executed.handle is not None
    assert "it succeeded" in driver.log(dag_id, second, "lasting_hook")


def test_the_pools_are_there_and_apply_finds_nothing_to_do(queued, driver, capsys):
    driver.until(
        lambda: "lab.big" in {pool["name"] for pool in driver.client.get("/pools")["pools"]}, "pools"
    )
    file = str(queued.dags / "queues.yaml")
    assert main(["queues", "apply", "--file", file, "--home", str(queued.home)]) == 0
    assert capsys.readouterr().out == "nothing to do\n"


def test_an_unknown_queue_is_an_import_error_that_names_the_known_ones(queued, driver):
    file = queued.dags / "lost.yaml"
    file.write_text(JOB.replace("placed", "lost").replace("value: placing", "value: place"))
    told = "unknown queue 'place'; known: lab/placing, lab/other, lab/big"
    driver.until(lambda: told in "".join(driver.import_errors().values()), "the import error")
    file.unlink()


def test_the_concurrency_of_a_dag_inside_a_dag_is_kept_and_the_reason_is_told(queued, driver, capsys):
    dag_id = driver.drop("narrow.yaml", FLOW)
    run_id = driver.client.trigger(dag_id)
    driver.until(
        lambda: "up_for_reschedule" in driver.states(dag_id, run_id).values(), "a task that waits", 120
    )
    waits = next(
        task for task, state in driver.states(dag_id, run_id).items() if state == "up_for_reschedule"
    )
    main(
        [
            "queues",
            "why",
            dag_id,
            run_id,
            waits,
            "--file",
            f"{queued.dags}/queues.yaml",
            "--home",
            str(queued.home),
        ]
    )
    assert capsys.readouterr().out.startswith(
        f"{waits}: a dag around it has as many runs as its concurrency allows"
    )
    assert driver.wait(dag_id, run_id, patience=240) == "success"
    with open_store(f"sqlite:///{queued.home}/polyaxon/store.db") as store:
        runs = [store.runs.get(TaskIdentity(dag_id, run_id, f"inner.{name}").run_uuid) for name in "abc"]
    runs.sort(key=lambda run: run.started_at)
    assert all(before.finished_at <= after.started_at for before, after in pairwise(runs))
