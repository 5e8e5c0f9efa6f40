"""`polyaxon-airflow plan`."""

import json

import pytest

from polyaxon_airflow.cli import main

FILES = {
    "queues.yaml": "agents: [{name: lab, queues: [{name: cpu}, {name: gpu, concurrency: 4, quota: {gpu: 8}}]}]\n"
    "default: {presets: [base]}\n",
    "presets/base.yaml": "termination: {timeout: 60}\n",
    "presets/gpu.yaml": "queue: gpu\nrunPatch: {container: {resources: {limits: {nvidia.com/gpu: 4}}}}\n",
    "train.yaml": "kind: operation\nname: train\npresets: [gpu]\n"
    "component: {run: {kind: job, container: {image: a}}}\n",
}


@pytest.fixture
def dags(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_tasks_have_their_pools_and_slots(dags, capsys):
    assert main(["plan", "--format", "json", str(dags / "train.yaml")]) == 0
    (node,) = json.loads(capsys.readouterr().out)["nodes"]
    assert (node["pool"], node["pool_slots"], node["timeout"]) == ("lab.gpu", 2, 60)


def test_origin_says_which_document_and_line_set_each_value(dags, capsys):
    main(["plan", "--origin", "-P", "lr=1", str(dags / "train.yaml")])
    shown = capsys.readouterr().out.replace(f"{dags}/", "").splitlines()
    assert "queue: 'gpu'  # preset gpu presets/gpu.yaml:1" in shown
    assert "termination.timeout: 60  # preset base presets/base.yaml:1" in shown
    assert "run.container.image: 'a'  # component train.yaml:4" in shown
    assert "params.lr.value: '1'  # params" in shown
