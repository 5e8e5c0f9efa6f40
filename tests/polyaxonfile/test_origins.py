"""Which document set which value."""

import pytest

from polyaxon_airflow.polyaxonfile.origins import trace
from polyaxon_airflow.polyaxonfile.presets import preset_by_name, preset_from_value
from polyaxon_airflow.polyaxonfile.reading import read


@pytest.fixture
def dags(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "gpu.yaml").write_text(
        "resources: {gpu: 1}\nqueue: gpu\nrunPatch:\n  environment: {nodeSelector: {gpu: big}}\n"
    )
    (tmp_path / "part.yaml").write_text(
        "kind: component\nname: part\ntags: [a]\ninputs:\n- {name: lr, type: float, value: 0.1}\nrun:\n  kind: job\n"
        "  container:\n    image: a\n    args: [x]\n    env: [{name: A, value: b}]\n"
    )
    (tmp_path / "train.yaml").write_text(
        "kind: operation\npathRef: ./part.yaml\ntags: [b]\nparams:\n  lr: 0.2\nrunPatch:\n  container:\n    args: [y]\n"
        "env:\n  B: c\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        pytest.param("name", "component part.yaml:2", id="a value of the component"),
        pytest.param("tags[0]", "component part.yaml:3", id="an item of the component"),
        pytest.param("tags[1]", "operation train.yaml:3", id="an item that the operation adds"),
        pytest.param("run.container.image", "component part.yaml:9", id="deep in the run"),
        pytest.param("run.container.args[1]", "operation train.yaml:8", id="from a runPatch"),
        pytest.param("run.container.env[1]", "operation train.yaml:10", id="from a shortcut at the root"),
        pytest.param("queue", "preset gpu presets/gpu.yaml:2", id="from a preset"),
        pytest.param(
            "run.environment.nodeSelector.gpu", "preset gpu presets/gpu.yaml:4", id="a preset's runPatch"
        ),
        pytest.param(
            "run.container.resources.limits.nvidia.com/gpu",
            "preset gpu presets/gpu.yaml:1",
            id="a preset's shortcut",
        ),
        pytest.param("description", "preset", id="from a preset by value"),
        pytest.param("params.lr.value", "params", id="from the params of the run"),
    ],
)
def test_each_value_has_its_origin(dags, value, origin):
    reading = read(dags / "train.yaml", root=dags, file="train.yaml")
    presets = [preset_by_name("gpu", dags), preset_from_value({"description": "d"})]
    values = trace(reading.operation, presets=presets, params={"lr": 0.3}, sources=reading.sources)
    found = {str(traced).partition(":")[0]: str(traced.origin) for traced in values}
    assert found[value].replace(f"{dags}/", "") == origin
