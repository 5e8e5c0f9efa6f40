"""The trigger form offers the presets that fit a file and that its owner may name."""

import pytest

from polyaxon_airflow.dag.build import CRASHES, build_dag
from polyaxon_airflow.plan.choices import MARK
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.queues.reading import read_queues
from tests import components

QUEUES = """
agents: [{name: lab, queues: [{name: cpu}, {name: gpu, quota: {gpu: 4}}]}]
folders: {strict: {allow: {presets: [night]}}}
"""
PRESETS = {
    "gpu": "queue: gpu\nrunPatch: {container: {resources: {limits: {nvidia.com/gpu: 2}}}}\n",
    "huge": "queue: gpu\nrunPatch: {container: {resources: {limits: {nvidia.com/gpu: 8}}}}\n",
    "night": "cost: 0.1\n",
    "typo": "runPatch: {contaner: {}}\n",
    "broken": "queu: gpu\n",
}
FLOW = """
kind: component
run:
  kind: dag
  operations:
  - {name: prepare, queue: cpu, component: {run: {kind: job, container: {image: a}}}}
  - name: tune
    dependencies: [prepare]
    matrix: {kind: random, numRuns: 3, params: {lr: {kind: uniform, value: [0, 1]}}}
    component: {inputs: [{name: lr, type: float}], run: {kind: job, container: {image: a}}}
"""


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "presets").mkdir()
    (tmp_path / "strict").mkdir()
    for name, text in PRESETS.items():
        (tmp_path / "presets" / f"{name}.yaml").write_text(text)
    queues = read_queues(QUEUES)

    def call(text=FLOW, folder="", queues=queues):
        file = tmp_path / folder / "flow.yaml"
        file.write_text(text)
        requester = queues.requester(folder) if queues else Deployment().requester
        return plan_file(file, tmp_path, deployment=Deployment(queues=queues, requester=requester))

    return call


def test_presets_that_fit_are_offered_and_those_too_large_for_their_queue_or_wrong_are_not(plan):
    field = plan().params["presets"]
    assert field["default"] == []
    assert field["schema"]["items"]["enum"] == field["schema"]["examples"] == ["gpu", "night"]


def test_the_schema_says_which_tasks_go_elsewhere_with_a_preset(plan):
    moves = plan().params["presets"]["schema"][MARK]
    assert moves == {"gpu": {"prepare": ["lab.gpu", 500], "tune.trial": ["lab.gpu", 500]}, "night": {}}


def test_presets_that_a_folder_may_not_name_are_not_offered(plan):
    assert plan(folder="strict").params["presets"]["schema"]["items"]["enum"] == ["night"]


COMPONENT = "kind: component\nrun: {kind: job, container: {image: a}}\n"
ATTACHED = COMPONENT + "name: a\nhooks: [{hubRef: tell}]\nbuild: {hubRef: tell}\n"


def test_presets_send_hooks_and_builds_elsewhere_too(plan, tmp_path):
    components.put(tmp_path, "tell", COMPONENT)
    moved = ["lab.gpu", 500]
    assert plan(ATTACHED).params["presets"]["schema"][MARK]["gpu"] == {
        "a_build": moved,
        "a": moved,
        "a_hook": moved,
    }


def test_default_presets_reach_hooks_and_builds(plan, tmp_path):
    components.put(tmp_path, "tell", COMPONENT)
    queues = read_queues(f"{QUEUES}default: {{presets: [gpu]}}\n")
    made = plan(ATTACHED.replace("hubRef: tell}]", "hubRef: tell, presets: [gpu, night]}]"), queues=queues)
    assert {node.id: (node.pool, node.pool_slots) for node in made.nodes} == dict.fromkeys(
        ["a_build", "a", "a_hook"], ("lab.gpu", 500)
    )
    assert made.operations["/hooks/0"]["cost"] == 0.1


@pytest.mark.parametrize(
    ("text", "preset", "retries"),
    [
        pytest.param(COMPONENT, "cost: 1", (0, 0), id="nobody wants any"),
        pytest.param(COMPONENT + "termination: {maxRetries: 2}", "cost: 1", (2, 2), id="the file"),
        pytest.param(COMPONENT, "termination: {maxRetries: 5}", (0, 5), id="a preset more than the file"),
        pytest.param(COMPONENT + "termination: {maxRetries: 2}", "termination: {maxRetries: 1}", (2, 2), id="a preset less"),
        pytest.param(
            COMPONENT + "inputs: [{name: n, type: int, value: 1}]\ntermination: {maxRetries: '{{ n }}'}",
            "cost: 1", (0, 10), id="a template, nobody knows",
        ),
    ],
)  # fmt: skip
def test_airflow_is_told_of_as_many_retries_as_any_preset_wants(plan, tmp_path, text, preset, retries):
    (tmp_path / "presets" / "night.yaml").write_text(preset)
    planned = plan(text)
    (node,) = planned.nodes
    assert (node.max_retries, node.most_retries) == retries
    (task,) = build_dag(planned).tasks
    assert task.retries == max(retries) + CRASHES


def test_without_queues_presets_are_offered_all_the_same(plan):
    assert plan(queues=None).params["presets"]["schema"][MARK] == {"gpu": {}, "huge": {}, "night": {}}


def test_a_plan_holds_its_presets_and_is_stale_when_one_changes(plan):
    made = plan()
    assert made.presets["night"] == {"isPreset": True, "cost": 0.1}
    assert any(file.endswith("presets/night.yaml") for file in made.reads)


def test_an_input_of_that_name_stays_an_input(plan):
    text = "kind: component\ninputs: [{name: presets, type: int, value: 2}]\nrun: {kind: job, container: {image: a}}\n"
    assert plan(text).params["presets"] == {"schema": {"type": "integer"}, "default": 2}
