"""Queues that are templates: what the plan goes by, what the form offers, where a trigger's values lead."""

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.choices import ChosenPlace, chosen_place, refuse_place
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.queues.reading import read_queues
from tests import components

QUEUES = read_queues(
    """
agents:
  - {name: lab, queues: [{name: cpu}, {name: gpu, concurrency: 8, quota: {gpu: 8}}, {name: vip, allow: {owners: [ann]}}]}
  - {name: far, queues: [{name: cpu}, {name: tiny, concurrency: 1, quota: {gpu: 1}}]}
default: {queue: lab/cpu}
"""
)
RUN = "run: {kind: job, container: {image: busybox, resources: {limits: {nvidia.com/gpu: 2}}}}"
TIER = "{name: tier, type: str, value: gpu}"
INNER = f"component: {{inputs: [{{name: tier, type: str}}], {RUN}}}"


@pytest.fixture
def plan(tmp_path):
    def call(text):
        (tmp_path / "a.yaml").write_text(text)
        return plan_file(tmp_path / "a.yaml", tmp_path, deployment=Deployment(queues=QUEUES))

    return call


def component(queue, inputs=TIER):
    return f'kind: component\nqueue: "{queue}"\ninputs: [{inputs}]\n{RUN}\n'


def dag(tier, queue="{{ tier }}", before=""):
    operation = f"{{name: train, queue: '{queue}', params: {{tier: {tier}}}, {INNER}}}"
    return f"kind: component\ninputs: [{TIER}]\nrun: {{kind: dag, operations: [{before}{operation}]}}\n"


def place(plan, conf, task_id="a"):
    node = plan.node(task_id)
    return chosen_place(task_id, ChosenPlace(node.pool, node.pool_slots), conf, plan.schemas())


@pytest.mark.parametrize(
    ("queue", "conf", "expected"),
    [
        pytest.param("{{ tier }}", {}, ("lab.gpu", 2), id="the file's value"),
        pytest.param("{{ tier }}", {"tier": None}, ("lab.gpu", 2), id="an empty field is no value"),
        pytest.param("{{ tier }}", {"tier": "lab/cpu"}, ("lab.cpu", 1), id="the trigger's value"),
        pytest.param("{{ params.tier.value }}", {"tier": "lab/cpu"}, ("lab.cpu", 1), id="with all that is known"),
        pytest.param("lab/{{ tier }}", {"tier": "cpu"}, ("lab.cpu", 1), id="a part of a name"),
        pytest.param("{{ 'lab/cpu' if tier == 'small' else 'gpu' }}", {"tier": "small"}, ("lab.cpu", 1), id="a condition"),
        pytest.param("{{ tier }}", {"tier": "lab/cpu", "queue": "lab/vip"}, ("lab.cpu", 1), id="no field of queues"),
        pytest.param("{{ tier }}", {"tier": "tpu"}, ("lab.gpu", 2), id="an unknown one: the run refuses"),
    ],
)  # fmt: skip
def test_where_a_run_goes(plan, queue, conf, expected):
    assert place(plan(component(queue)), conf) == expected


@pytest.mark.parametrize(
    ("conf", "sentence"),
    [
        pytest.param({"tier": "gpus"}, "unknown queue 'gpus'; known: lab/cpu, lab/gpu, far/cpu, lab/vip, far/tiny. Did you mean 'gpu'?", id="an unknown queue"),
        pytest.param({"tier": "vip"}, "queue 'lab/vip' is not for runs without project and owner; it is for owners ann. Use one of: lab/cpu, lab/gpu, far/cpu, far/tiny.", id="a queue of others"),
        pytest.param({"tier": "tiny"}, "a run needs gpu 2, and queue 'far/tiny' has 1 in all: it could never start. Ask for less, or use a queue with a larger quota.", id="a queue that is too small"),
        pytest.param({"tier": "cpu"}, "queue 'cpu' is one of several agents. Write lab/cpu or far/cpu.", id="a queue of two agents"),
    ],
)  # fmt: skip
def test_what_a_run_may_not_have_is_refused_in_a_sentence(plan, conf, sentence):
    with pytest.raises(CompilationError) as raised:
        refuse_place("a", ChosenPlace("lab.gpu", 2), conf, plan(component("{{ tier }}")).schemas())
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        pytest.param(component("{{ tier }}"), ["gpu", "lab/cpu", "lab/gpu", "far/cpu"], id="the names of queues"),
        pytest.param(component("lab/{{ tier }}"), ["gpu", "cpu"], id="the part of the name that is open"),
        pytest.param(component("{{ tier }}", "{name: tier, type: str}"), ["lab/cpu", "gpu", "lab/gpu", "far/cpu"], id="no default"),
        pytest.param(component("{{ tier | lower }}"), None, id="text that the template changes is free"),
        pytest.param(component("{{ tier }}", "{name: tier, type: str, value: gpu, validation: {options: [gpu, tpu]}}"), ["gpu", "tpu"], id="the file's own options"),
    ],
)  # fmt: skip
def test_the_form_offers_queues_where_a_field_is_one(plan, text, offered):
    assert plan(text).params["tier"]["schema"].get("enum") == offered


def test_an_operation_of_a_dag_goes_by_the_values_of_its_dag(plan):
    made = plan(dag("{ref: dag, value: inputs.tier}"))
    assert place(made, {}, "train") == ("lab.gpu", 2)
    assert place(made, {"tier": "lab/cpu"}, "train") == ("lab.cpu", 1)


def attached(section, more="", inputs=TIER):
    return f"kind: component\ninputs: [{inputs}]\n{section}\n{more}{RUN}\n"


SMALL = "{kind: job, container: {image: busybox}}"
HOOK, BUILD = "hooks: [{{hubRef: tell, {0}}}]", "build: {{hubRef: tell, {0}}}"


@pytest.fixture
def tell(tmp_path):
    """A component with inputs of its own, which hooks and builds name."""
    inputs = "[{name: size, type: str, value: lab/cpu}, {name: destination, type: str, value: image}]"
    components.put(tmp_path, "tell", f"kind: component\ninputs: {inputs}\nrun: {SMALL}\n")


@pytest.mark.parametrize(
    ("section", "conf", "pool"),
    [
        pytest.param("queue: '{{ tier }}'", {}, "lab.gpu", id="the file's value"),
        pytest.param("queue: '{{ tier }}'", {"tier": "far/tiny"}, "far.tiny", id="the trigger's value"),
        pytest.param("queue: '{{ params.tier.value }}'", {"tier": "far/cpu"}, "far.cpu", id="as a param"),
        pytest.param("queue: 'lab/{{ tier }}'", {"tier": "cpu"}, "lab.cpu", id="a part of a name"),
        pytest.param("queue: '{{ size }}'", {"size": "far/cpu"}, "lab.cpu", id="a value of its component"),
        pytest.param("queue: '{{ size }}', params: {size: {value: far/cpu}}", {}, "far.cpu", id="a param of its own"),
        pytest.param("queue: '{{ tier }}', params: {tier: {value: far/cpu, contextOnly: true}}", {"tier": "lab/cpu"}, "far.cpu", id="a param of its own over the run's"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [(HOOK, "a_hook"), (BUILD, "a_build")], ids=["hook", "build"])
@pytest.mark.usefixtures("tell")
def test_a_hook_and_a_build_go_by_the_values_of_their_run(plan, kind, section, conf, pool):
    made = plan(attached(kind[0].format(section)))
    assert place(made, conf, kind[1]).pool == pool
    assert place(made, conf, "a") == ("lab.cpu", 1)


@pytest.mark.usefixtures("tell")
def test_a_hook_of_an_operation_of_a_dag_goes_by_the_values_of_the_dag(plan):
    text = dag("{ref: dag, value: inputs.tier}", queue="cpu").replace(
        "{name: train, ", "{name: train, hooks: [{hubRef: tell, queue: '{{ tier }}'}], "
    )
    made = plan(text.replace("queue: 'cpu'", "queue: lab/cpu"))
    assert place(made, {}, "train_hook").pool == "lab.gpu"
    assert place(made, {"tier": "far/cpu"}, "train_hook").pool == "far.cpu"
    assert place(made, {"tier": "far/cpu"}, "train").pool == "lab.cpu"


@pytest.mark.usefixtures("tell")
def test_a_hook_whose_queue_the_trigger_must_name_is_in_the_default_one_until_then(plan):
    made = plan(attached(HOOK.format("queue: '{{ tier }}'"), inputs="{name: tier, type: str}"))
    assert [place(made, conf, "a_hook").pool for conf in ({}, {"tier": "gpu"})] == ["lab.cpu", "lab.gpu"]
    assert made.params["tier"]["schema"]["enum"] == [
        "lab/cpu",
        "gpu",
        "lab/gpu",
        "far/cpu",
        "tiny",
        "far/tiny",
    ]


@pytest.mark.usefixtures("tell")
def test_a_queue_that_a_hook_may_not_have_is_refused_in_a_sentence(plan):
    made = plan(attached(HOOK.format("queue: '{{ tier }}'")))
    with pytest.raises(CompilationError, match="queue 'lab/vip' is not for runs without project and owner"):
        refuse_place("a_hook", ChosenPlace("lab.gpu", 1), {"tier": "vip"}, made.schemas())


def test_a_value_that_stands_in_the_file_is_not_the_triggers(plan):
    made = plan(dag("{value: lab/cpu}"))
    assert place(made, {"tier": "gpu"}, "train") == ("lab.cpu", 1)


def test_a_queue_that_the_trigger_must_name_is_the_default_until_then(plan):
    made = plan(component("lab/{{ tier }}", "{name: tier, type: str}"))
    assert place(made, {}) == ("lab.cpu", 1)
    assert place(made, {"tier": "gpu"}) == ("lab.gpu", 2)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(component("{{ tier }}").replace("value: gpu", "value: tpu"), "a.yaml:2:8: unknown queue 'tpu'; known: lab/cpu, lab/gpu, lab/vip, far/cpu, far/tiny", id="the file's value"),
        pytest.param(component("{{ params.tier }}"), "a.yaml:2:8: queue '{{ params.tier }}' gives all that is known of a param, and no name. Write '{{ tier }}' or '{{ params.tier.value }}'.", id="all of a param"),
        pytest.param(
            dag("{ref: ops.choose, value: outputs.tier}", before=f"{{name: choose, component: {{{RUN}, outputs: [{{name: tier, type: str}}]}}}}, "),
            "queue '{{ tier }}' depends on 'tier', a value of ops.choose, and Airflow must know the queue before. Let it depend on values of the file or of the trigger.",
            id="a value of another run",
        ),
        pytest.param(
            f"kind: operation\nqueue: '{{{{ tier }}}}'\nmatrix: {{kind: mapping, values: [{{tier: gpu}}]}}\n{INNER}\n",
            "queue '{{ tier }}' depends on 'tier', a value that is known when it runs, and Airflow must know the queue before.",
            id="a value of a trial",
        ),
        pytest.param(
            attached(HOOK.format("queue: '{{ status }}'")),
            "a.yaml:3:31: queue '{{ status }}' depends on 'status', a value that is known when it runs, and Airflow must know the queue before.",
            id="how the run of a hook ended",
        ),
        pytest.param(
            attached(BUILD.format("queue: '{{ tier }}', params: {tier: {ref: runs.a, value: outputs.b, contextOnly: true}}")),
            "queue '{{ tier }}' depends on 'tier', a value of runs.a, and Airflow must know the queue before.",
            id="a value that another run gives a build",
        ),
        pytest.param(
            f"kind: operation\nhooks: [{{hubRef: tell, queue: '{{{{ tier }}}}'}}]\nmatrix: {{kind: mapping, values: [{{tier: gpu}}]}}\n{INNER}\n",
            "queue '{{ tier }}' depends on 'tier', a value that is known when it runs, and Airflow must know the queue before.",
            id="a value of the trials before a hook",
        ),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("tell")
def test_a_queue_that_cannot_be_known_is_a_fault_of_the_file(plan, text, fault):
    with pytest.raises(CompilationError) as raised:
        plan(text)
    assert fault in str(raised.value)


def test_a_chosen_queue_and_a_preset_that_names_one_go_over_values(plan, tmp_path):
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "far.yaml").write_text("queue: far/cpu\n")
    (tmp_path / "presets" / "small.yaml").write_text(
        "runPatch: {container: {resources: {limits: {nvidia.com/gpu: 1}}}}\n"
    )
    made = plan(component("{{ tier }}"))
    assert place(made, {"tier": "lab/cpu", "presets": ["far"]}) == ("far.cpu", 1)
    assert place(made, {"tier": "lab/cpu", "presets": ["small"]}) == ("lab.cpu", 1)


def test_without_queues_a_template_is_left_alone(tmp_path):
    (tmp_path / "a.yaml").write_text(component("{{ tier }}"))
    plan = plan_file(tmp_path / "a.yaml", tmp_path)
    assert ([node.pool for node in plan.nodes], plan.params["tier"]["schema"]) == (
        ["default_pool"],
        {"type": "string"},
    )
