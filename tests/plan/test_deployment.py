"""What the queues file does to a plan."""

import pytest

from polyaxon_airflow.connections.catalogue import read_catalogue
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.queues.reading import read_queues

QUEUES = """
agents:
  - name: lab
    queues:
      - {name: cpu}
      - {name: gpu, concurrency: 8, quota: {gpu: 8}, allow: {projects: [vision]}}
projects:
  vision: {folders: [eyes], default: {queue: gpu, presets: [machine]}}
"""
CONNECTIONS = "connections: [{name: data, kind: s3, schema: {bucket: b}}]\n"
RUN = "run: {kind: job, container: {image: busybox}}\n"


@pytest.fixture
def dags(tmp_path):
    (tmp_path / "queues.yaml").write_text(QUEUES)
    (tmp_path / "connections.yaml").write_text(CONNECTIONS)
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "machine.yaml").write_text(
        "runPatch: {container: {resources: {limits: {nvidia.com/gpu: 2}}}}\n"
    )
    (tmp_path / "eyes").mkdir()
    return tmp_path


def planned(dags, name, text):
    file = dags / name
    file.write_text(text)
    queues = read_queues(dags / "queues.yaml")
    folder = file.parent.relative_to(dags).as_posix().removeprefix(".")
    requester = queues.requester(folder, project="default", owner="ann")
    deployment = Deployment(
        queues=queues,
        requester=requester,
        queues_file=str(dags / "queues.yaml"),
        connections=read_catalogue(CONNECTIONS),
        connections_file=str(dags / "connections.yaml"),
    )
    return plan_file(file, dags, deployment=deployment)


def test_an_operation_without_a_queue_goes_to_the_default(dags):
    plan = planned(dags, "a.yaml", f"kind: component\n{RUN}")
    assert [(node.pool, node.pool_slots) for node in plan.nodes] == [("lab.cpu", 1)]
    assert (plan.owner, plan.project, plan.tags) == ("ann", "default", ())


def test_a_folder_has_the_queue_the_presets_and_the_tag_of_its_project(dags):
    plan = planned(dags, "eyes/a.yaml", f"kind: component\n{RUN}")
    assert [(node.pool, node.pool_slots) for node in plan.nodes] == [("lab.gpu", 2)]
    assert (plan.project, plan.tags) == ("vision", ("project:vision",))


def test_a_plan_is_stale_when_the_queues_file_or_a_default_preset_changes(dags):
    plan = planned(dags, "eyes/a.yaml", f"kind: component\n{RUN}")
    assert {str(dags / "queues.yaml"), str(dags / "presets" / "machine.yaml")} <= set(plan.reads)


@pytest.mark.parametrize(
    ("connections", "depends"),
    [
        pytest.param("[data]", True, id="asks for one"),
        pytest.param("['{{ where }}']", True, id="may ask for one"),
        pytest.param("[]", False, id="asks for none"),
    ],
)
def test_a_plan_that_asks_for_connections_is_stale_when_their_file_changes(dags, connections, depends):
    text = f"kind: component\ninputs: [{{name: where, type: str, value: data}}]\n{RUN}"
    plan = planned(dags, "a.yaml", text.replace("job,", f"job, connections: {connections},"))
    assert (str(dags / "connections.yaml") in plan.reads) == depends


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        pytest.param(
            "a.yaml",
            f"kind: component\nqueue: tpu\n{RUN}",
            "a.yaml:2:8: unknown queue 'tpu'; known: lab/cpu, lab/gpu",
            id="an unknown queue",
        ),
        pytest.param(
            "a.yaml",
            f"kind: component\nqueue: gpu\n{RUN}",
            "a.yaml:2:8: queue 'lab/gpu' is not for project 'default' and owner 'ann'; it is for projects vision. "
            "Use one of: lab/cpu.",
            id="a queue for others",
        ),
        pytest.param(
            "eyes/a.yaml",
            "kind: component\nqueue: gpu\nrun: {kind: job, container: {image: b, resources:"
            " {limits: {nvidia.com/gpu: 9}}}}\n",
            "a.yaml:2:8: a run needs gpu 9, and queue 'lab/gpu' has 8 in all: it could never start.",
            id="a run that never fits",
        ),
        pytest.param(
            "a.yaml",
            "kind: component\nrun: {kind: job, connections: [dta], container: {image: b}}\n",
            "a.yaml:2:32: unknown connection 'dta'; known: data. Did you mean 'data'?",
            id="an unknown connection",
        ),
        pytest.param(
            "a.yaml",
            f"kind: component\npresets: [lost]\n{RUN}",
            "lost.yaml:1:26: unknown connection 'dta'; known: data. Did you mean 'data'?",
            id="an unknown connection of a preset",
        ),
    ],
)
def test_import_error(dags, name, text, fault):
    (dags / "presets" / "machine.yaml").write_text("cost: 1\n")
    (dags / "presets" / "lost.yaml").write_text("runPatch: {connections: [dta]}\n")
    with pytest.raises(CompilationError) as raised:
        planned(dags, name, text)
    assert fault in str(raised.value)


def test_without_a_queues_file_names_of_queues_have_no_effect(dags):
    (dags / "a.yaml").write_text(f"kind: component\nqueue: anything\n{RUN}")
    assert [node.pool for node in plan_file(dags / "a.yaml", dags).nodes] == ["default_pool"]


def test_the_form_offers_the_queues_that_a_run_may_use_and_fits_into(dags):
    (dags / "queues.yaml").write_text(QUEUES.replace("- {name: cpu}", "- {name: cpu}\n      - {name: spot}"))
    plan = planned(dags, "a.yaml", f"kind: component\n{RUN}")
    assert plan.params["queue"]["schema"]["enum"] == [None, "lab/cpu", "lab/spot"]
    assert plan.params["queue"]["default"] is None


def test_the_form_offers_nothing_where_there_is_no_choice(dags):
    plan = planned(dags, "a.yaml", f"kind: component\n{RUN}")
    assert "queue" not in plan.params


def test_an_input_of_that_name_stays_an_input(dags):
    (dags / "queues.yaml").write_text(QUEUES.replace("- {name: cpu}", "- {name: cpu}\n      - {name: spot}"))
    text = f"kind: component\ninputs: [{{name: queue, type: str, value: mine}}]\n{RUN}"
    assert planned(dags, "a.yaml", text).params["queue"] == {"schema": {"type": "string"}, "default": "mine"}
