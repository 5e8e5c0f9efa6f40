"""What the store says of a run's place in the queues and of what it takes."""

import pytest

from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.polyaxonfile.presets import preset_from_value
from polyaxon_airflow.queues.reading import read_queues
from tests.execution.flow import DagRun, World

QUEUES = read_queues(
    "agents: [{name: lab, queues: [{name: cpu}, {name: spot}, {name: gpu, concurrency: 8, quota: {gpu: 8}}]}]"
)
PRESETS = {
    "big": {
        "queue": "gpu",
        "cost": 3,
        "runPatch": {"container": {"resources": {"limits": {"nvidia.com/gpu": 4}}}},
    },
    "night": {"cost": 0.1},
    "again": {"termination": {"maxRetries": 2}},
    "never": {"termination": {"maxRetries": 0}},
}
RUN = """kind: component
cost: 0.9
run:
  kind: job
  container:
    image: busybox
    command: ["true"]
    resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {nvidia.com/gpu: 2}}
"""


@pytest.mark.parametrize(
    ("queues", "queue", "place"),
    [
        pytest.param(QUEUES, "gpu", ("lab/gpu", "lab"), id="the queue that it names"),
        pytest.param(QUEUES, None, ("lab/cpu", "lab"), id="the default queue"),
        pytest.param(None, "anything", ("anything", None), id="without queues, what the file says"),
    ],
)
def test_a_run_has_its_place_and_what_it_takes(tmp_path, queues, queue, place):
    world = World(tmp_path, deployment=Deployment(queues=queues))
    world.run(f"queue: {queue}\n{RUN}" if queue else RUN)
    (run,) = world.store.runs.find(at=world.clock())
    assert (run.queue, run.agent) == place
    assert (run.cost, run.cpu, run.memory, run.gpu) == (0.9, 0.5, 2.0**30, 2.0)
    world.close()


@pytest.mark.parametrize(
    ("conf", "place", "taken"),
    [
        pytest.param({"presets": ["big"]}, "lab/gpu", (3, 4), id="a preset"),
        pytest.param({"presets": ["big", "night"]}, "lab/gpu", (0.1, 4), id="presets, the last one on top"),
        pytest.param(
            {"presets": ["big"], "queue": "lab/spot"}, "lab/spot", (3, 4), id="a preset, and another queue"
        ),
        pytest.param({"presets": []}, "lab/cpu", (0.9, 2), id="none"),
    ],
)
def test_a_run_has_what_was_chosen_when_it_was_triggered(world, conf, place, taken):
    (run,) = world(RUN, conf)
    assert (run.queue, (run.cost, run.gpu)) == (place, taken)


BY_VALUE = "inputs: [{name: tier, type: str, value: cpu}]\nqueue: '{{ tier }}'\n"


@pytest.mark.parametrize(
    ("text", "conf", "place", "reason"),
    [
        pytest.param(BY_VALUE + RUN, {"tier": "spot"}, "lab/spot", None, id="a value names a queue"),
        pytest.param(
            BY_VALUE + RUN,
            {"tier": "sport"},
            "lab/cpu",
            "unknown queue 'sport'; known: lab/cpu, lab/spot, lab/gpu. Did you mean 'spot'?",
            id="a value names none",
        ),
        pytest.param(
            f"queue: gpu\n{RUN}",
            {"queue": "lab/spot"},
            "lab/gpu",
            "conf asks for queue 'lab/spot', and this file's runs fit into no other than theirs",
            id="a queue where there is no choice",
        ),
        pytest.param(
            f"queue: gpu\n{RUN}",
            {"queue": "lab/gpu"},
            "lab/gpu",
            None,
            id="its own, where there is no choice",
        ),
    ],
)
def test_a_queue_of_the_trigger_is_taken_or_refused_in_a_sentence(world, text, conf, place, reason):
    (run,) = world(text, conf)
    assert (run.queue, run.status, run.reason) == (place, "failed" if reason else "succeeded", reason)


TEMPLATED = "inputs: [{name: size, type: str, value: night}]\npresets: ['{{ size }}']\n"


def test_a_preset_may_be_named_by_a_template(world):
    (run,) = world(RUN + TEMPLATED, {})
    assert run.cost == 0.1


def test_a_template_that_names_no_preset_fails_the_run(world):
    (run,) = world(RUN + TEMPLATED, {"size": "small"})
    assert (run.status, run.reason) == (
        "failed",
        "no preset is called 'small'; known: big, night, again, never",
    )


FAILING = "kind: component\nname: f\ntermination: {maxRetries: 1}\nrun: {kind: job, container: {image: x, command: ['false']}}\n"
BY_SIZE = FAILING.replace("name: f\n", f"name: f\n{TEMPLATED}")


@pytest.mark.parametrize(
    ("text", "conf", "retriable"),
    [
        pytest.param(FAILING, {}, [True, False], id="the file's retries"),
        pytest.param(FAILING, {"presets": ["again"]}, [True, True, False], id="more, by a preset"),
        pytest.param(FAILING, {"presets": ["again", "never"]}, [False], id="none, by the last preset"),
        pytest.param(
            BY_SIZE, {"size": "again"}, [True, True, False], id="more, by a preset that a template names"
        ),
    ],
)
def test_retries_are_those_of_the_chosen_presets(world, text, conf, retriable):
    ended = []
    for _ in retriable:
        world(text, conf)
        ended.append(world.run.ended["f"].retriable)
    assert ended == retriable


WITH_OTHERS = RUN + "name: t\nhooks: [{hubRef: tell}]\nbuild: {hubRef: tell}\n"


@pytest.mark.parametrize(
    ("conf", "places"),
    [
        pytest.param({}, {"lab/cpu"}, id="their own queue"),
        pytest.param({"presets": ["big"]}, {"lab/gpu"}, id="that of a chosen preset"),
    ],
)
def test_chosen_presets_reach_hooks_and_builds(world, conf, places):
    world.world.component(
        "tell", "kind: component\nrun: {kind: job, container: {image: x, command: ['true']}}\n"
    )
    runs = world(WITH_OTHERS, conf)
    assert sorted(run.task_id for run in runs) == ["t", "t_build", "t_hook"]
    assert {run.queue for run in runs} == places
    assert {run.gpu for run in runs if run.task_id != "t"} == ({4.0} if conf else {None})


@pytest.fixture
def world(tmp_path):
    """Runs a polyaxonfile in a deployment with queues and presets: the run, as the store has it."""
    world = World(tmp_path, deployment=Deployment(queues=QUEUES))
    presets = {name: preset_from_value(value) for name, value in PRESETS.items()}

    def call(text, conf):
        call.run = DagRun(world, world.plan(text, presets=presets), conf, "r")
        call.run.go()
        return world.store.runs.find(at=world.clock())

    call.world = world

    yield call
    world.close()
