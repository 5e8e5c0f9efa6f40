import json

import pytest

from polyaxon_airflow.artifacts.lineage import Made, note, read_lineage

UUID = "0123456789abcdef0123456789abcdef"
# As polyaxon 2.18 with traceml 1.5 wrote it, with `log_model_ref`, `log_artifact_ref` and a metric (summaries cut).
LOGGED = [
    {"name": "env", "kind": "env", "path": "outputs/env.json", "summary": {"hash": "6e3540d01bea"}, "is_input": False},
    {"name": "model", "kind": "model", "path": "outputs/m.bin", "summary": {"framework": None}, "is_input": False},
    {"name": "loss", "kind": "metric", "path": "events/metric/loss.plx", "summary": {"is_event": True}, "is_input": False},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / UUID
    (folder / "outputs/checkpoints").mkdir(parents=True)
    for name in ("env.json", "m.bin", "report.txt", ".hidden"):
        (folder / "outputs" / name).write_text("123")
    (folder / "lineages.plx.json").write_text(json.dumps(LOGGED))
    note(folder, Made("abc123", "coderef", None, {"commit": "abc123"}, is_input=True))
    note(folder, Made("report.txt", "file", "outputs/report.txt", {"hash": "x"}, is_input=True))
    return folder


def test_all_that_a_run_made_and_took_once(folder):
    assert read_lineage(folder) == [
        Made("abc123", "coderef", None, {"commit": "abc123"}, is_input=True),
        Made("checkpoints", "dir", "outputs/checkpoints", {}, is_input=False),
        Made("env", "env", "outputs/env.json", {"hash": "6e3540d01bea"}, is_input=False),
        Made("loss", "metric", "events/metric/loss.plx", {"is_event": True}, is_input=False),
        Made("model", "model", "outputs/m.bin", {"framework": None}, is_input=False),
        Made("report.txt", "file", "outputs/report.txt", {"hash": "x"}, is_input=True),
    ]


def test_code_that_logs_nothing_still_has_its_outputs(tmp_path):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs/model.pt").write_text("12345")
    assert read_lineage(tmp_path) == [
        Made("model.pt", "file", "outputs/model.pt", {"size": 5}, is_input=False)
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("outputs/m", "outputs/m"),
        pytest.param(f"/plx-context/artifacts/{UUID}/outputs/m", "outputs/m", id="as the container saw it"),
        pytest.param(f"runs/{UUID}/outputs/m", "outputs/m", id="from the offline root"),
        pytest.param("/etc/passwd", None, id="from elsewhere"),
        pytest.param("../other/outputs/m", None, id="of another run"),
        pytest.param(f"/x{UUID}/a", None, id="a folder that ends like the run's"),
        (None, None),
        (3, None),
    ],
)
def test_paths_are_below_the_runs_folder(tmp_path, path, expected):
    folder = tmp_path / UUID
    folder.mkdir()
    entry = {"name": "m", "kind": "model", "path": path}
    (folder / "lineages.plx.json").write_text(json.dumps([entry]))
    assert [made.path for made in read_lineage(folder)] == [expected]


@pytest.mark.parametrize("text", ["", "[{", "{}", "null", '[1, {"name": "a"}]'])
def test_what_a_killed_run_left_half_written_is_left_out(tmp_path, text):
    (tmp_path / "lineages.plx.json").write_text(text)
    (tmp_path / "lineages.init.jsonl").write_text(text)
    assert read_lineage(tmp_path) == []
