import pytest

from polyaxon_airflow.polyaxonfile.recognise import is_polyaxonfile, looks_like_polyaxonfile


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("version: 1.1\nkind: component\nname: a\nrun: {kind: job}", id="a component"),
        pytest.param(
            "# a comment\n---\nkind: operation\npathRef: ./a.yaml", id="an operation after a comment"
        ),
        pytest.param("{kind: operation, hubRef: acme/x}", id="one flow mapping"),
        pytest.param('{\n  "kind": "component",\n  "run": {"kind": "job"}\n}', id="JSON"),
        pytest.param("container: {image: busybox}\ncmd: echo hi", id="a kindless file"),
        pytest.param("kind: operaton\ncomponent:\n  run: {kind: job}", id="a kind with a typo"),
        pytest.param("kind: component\nrun: {kind: job\n", id="broken YAML"),
    ],
)
def test_polyaxonfiles_are_recognised(text):
    assert looks_like_polyaxonfile(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("apiVersion: v1\nkind: Pod\nspec: {}", id="a Kubernetes manifest"),
        pytest.param("services:\n  db: {image: postgres}", id="docker-compose"),
        pytest.param("name: ci\non: push\njobs:\n  a: {runs-on: x}", id="a GitHub workflow"),
        pytest.param("agents:\n- name: a\n  queues: []", id="a queues file"),
        pytest.param("isPreset: true\nrunPatch: {environment: {}}", id="a preset"),
        pytest.param("a: 1\nb: 2", id="some other YAML"),
        pytest.param("", id="an empty file"),
        pytest.param("\x00\x01\x02", id="no text"),
    ],
)
def test_other_files_are_left_alone(text):
    assert not looks_like_polyaxonfile(text.encode())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train.yaml", True),
        ("deep/train.yml", True),
        ("train.json", True),
        ("train.txt", False),
        ("presets/gpu.yaml", False),
        ("components/acme/train.yaml", False),
        ("deep/presets/gpu.yaml", True),
    ],
)
def test_the_place_decides_too(tmp_path, name, expected):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("kind: component\nrun: {kind: job}")
    assert is_polyaxonfile(file, tmp_path) == expected
