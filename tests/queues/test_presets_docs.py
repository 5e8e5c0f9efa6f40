"""docs/presets.md: its preset and its queues file do what the page says; so do presets as Polyaxon's docs have them."""

import pytest

from polyaxon_airflow.cli import main
from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.queues.reading import read_queues
from tests.documents import examples

EXAMPLES = examples("presets.md")
GPU, SCOPES = EXAMPLES["presets/gpu.yaml"], EXAMPLES[1]
JOB = "component: {run: {kind: job, container: {image: a}}}\n"
SERVICE = "component: {run: {kind: service, ports: [80], container: {image: a}}}\n"

# What the pages "Machines catalog", "Organizing workload", "Services timeout" and "Cost" of Polyaxon's docs set.
PRESETS = {
    "4-gpus-2-concurrency-machine": """
queue: agent-name/queue-with-2-concurrency
runPatch:
  environment:
    nodeSelector:
      node_label: gpu-experiments
  container:
    resources:
      limits:
        nvidia.com/gpu: 4
""",
    "build-node": "runPatch: {environment: {nodeName: build-node}}\n",
    "experiments": "runPatch:\n  environment:\n    nodeSelector:\n      polyaxon: experiments\n",
    "services-timeout-24": "termination:\n  timeout: 86400 # 24 hours\n",
    "culling": """
termination:
  culling:
    timeout: 3600
  probe:
    http:
      path: "/api/status"
      port: 8888
""",
    "expensive": "cost: 2.5\n",
}
QUEUES = """
agents:
  - name: agent-name
    queues: [{name: queue-with-2-concurrency, concurrency: 2}, {name: other}]
default: {queue: other}
"""


@pytest.fixture
def dags(tmp_path):
    (tmp_path / "presets").mkdir()
    return tmp_path


def planned(dags, text, queues, folder=""):
    (dags / folder).mkdir(exist_ok=True)
    file = dags / folder / "run.yaml"
    file.write_text(f"kind: operation\n{text}")
    requester = queues.requester(folder)
    plan = plan_file(file, dags, deployment=Deployment(queues=queues, requester=requester))
    return plan.nodes[0], CompiledOperation.from_dict(dict(plan.operations[""]))


def test_every_yaml_of_the_page_is_used_here():
    assert list(EXAMPLES) == ["presets/gpu.yaml", 1]


def test_the_preset_of_the_page(dags):
    (dags / "presets" / "gpu.yaml").write_text(GPU)
    (dags / "presets" / "base.yaml").write_text("tags: [base]\n")
    node, operation = planned(dags, f"presets: [gpu]\n{JOB}", read_queues(SCOPES))
    assert (node.pool, node.timeout, operation.cost) == ("lab.gpu", 3600, 0.9)
    assert operation.run.environment.node_selector == {"node_label": "gpu-experiments"}
    assert operation.run.container.resources["limits"] == {"nvidia.com/gpu": 4}


@pytest.mark.parametrize(
    ("folder", "given"),
    [
        pytest.param("", ["base"], id="of all"),
        pytest.param("nightly", ["base", "night"], id="of a folder"),
    ],
)
def test_the_defaults_of_the_page(dags, folder, given):
    for name in ("base", "gpu", "night"):
        (dags / "presets" / f"{name}.yaml").write_text(f"tags: [{name}]\n")
    assert planned(dags, JOB, read_queues(SCOPES), folder)[1].tags == given


def test_the_commands_of_the_page(dags, capsys):
    (dags / "queues.yaml").write_text(SCOPES)
    for name in ("base", "night"):
        (dags / "presets" / f"{name}.yaml").write_text("cost: 1\n")
    (dags / "presets" / "gpu.yaml").write_text(GPU)
    main(["presets", "--root", str(dags), "ls"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["gpu", "lab/gpu", "0.9", "project", "vision", "folder", "nightly"] in rows
    main(["presets", "--root", str(dags), "show", "gpu"])
    assert "nvidia.com/gpu: 4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("preset", "component", "seen", "value"),
    [
        pytest.param(
            "4-gpus-2-concurrency-machine",
            JOB,
            lambda node, run: (node.pool, run.run.environment.node_selector, run.run.container.resources),
            (
                "agent-name.queue-with-2-concurrency",
                {"node_label": "gpu-experiments"},
                {"limits": {"nvidia.com/gpu": 4}},
            ),
            id="machines catalog",
        ),
        pytest.param(
            "build-node",
            JOB,
            lambda _, run: run.run.environment.node_name,
            "build-node",
            id="organizing workload, a node",
        ),
        pytest.param(
            "experiments",
            JOB,
            lambda _, run: run.run.environment.node_selector,
            {"polyaxon": "experiments"},
            id="organizing workload, a selector",
        ),
        pytest.param(
            "services-timeout-24", SERVICE, lambda node, _: node.timeout, 86400, id="services timeout"
        ),
        pytest.param(
            "culling",
            SERVICE,
            lambda _, run: run.termination.to_dict(),
            {"culling": {"timeout": 3600}, "probe": {"http": {"path": "/api/status", "port": 8888}}},
            id="services timeout, culling",
        ),
        pytest.param("expensive", JOB, lambda _, run: run.cost, 2.5, id="cost"),
    ],
)
def test_presets_as_in_the_docs_of_polyaxon(dags, preset, component, seen, value):
    (dags / "presets" / f"{preset}.yaml").write_text(PRESETS[preset])
    assert seen(*planned(dags, f"presets: [{preset}]\n{component}", read_queues(QUEUES))) == value
