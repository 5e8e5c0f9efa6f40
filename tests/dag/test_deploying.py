"""What stands in the queues file and the connections file holds for the DAGs that Airflow imports."""

import pytest

from polyaxon_airflow.dag.load import Loader
from polyaxon_airflow.errors import FaultsError

QUEUES = "agents: [{name: lab, queues: [{name: cpu}, {name: gpu}]}]\nprojects: {vision: {folders: [eyes]}}\n"
CONNECTIONS = "connections: [{name: data, kind: s3, schema: {bucket: b}}]\n"
FILE = """
kind: component
name: x
queue: gpu
run: {kind: job, connections: [data], container: {image: busybox}}
"""


@pytest.fixture
def dags(tmp_path):
    (tmp_path / "eyes").mkdir()
    (tmp_path / "queues.yaml").write_text(QUEUES)
    (tmp_path / "connections.yaml").write_text(CONNECTIONS)
    (tmp_path / "eyes" / "x.yaml").write_text(FILE)
    return tmp_path


def imported(dags):
    """As the stub of a file that is alone does."""
    return Loader(dags, dags / "state").alone("eyes/x.yaml")


def test_tasks_go_to_the_pools_of_their_queues(dags):
    dag = imported(dags)["x"]
    assert dag.get_task("x").pool == "lab.gpu"
    assert "project:vision" in dag.tags


def test_a_queues_file_that_changes_is_read_again(dags):
    imported(dags)
    (dags / "queues.yaml").write_text(QUEUES.replace("lab", "farm"))
    assert imported(dags)["x"].get_task("x").pool == "farm.gpu"


def test_a_preset_that_comes_is_offered(dags):
    assert "presets" not in imported(dags)["x"].params
    (dags / "presets").mkdir()
    (dags / "presets" / "night.yaml").write_text("cost: 1\n")
    assert imported(dags)["x"].params["presets"] == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        pytest.param(
            "queues.yaml", QUEUES.replace("gpu", "tpu"), "x.yaml:4:8: unknown queue 'gpu'", id="unknown queue"
        ),
        pytest.param("queues.yaml", "agents: []\n", "queues.yaml:1:9: ", id="wrong queues file"),
        pytest.param(
            "connections.yaml",
            "connections: []\n",
            "x.yaml:5:32: unknown connection 'data'; known: none",
            id="unknown connection",
        ),
        pytest.param(
            "connections.yaml",
            CONNECTIONS.replace("s3", "s33"),
            "connections.yaml:1:34: 'connections[0].kind' cannot be 's33'",
            id="wrong connections file",
        ),
    ],
)
def test_import_errors(dags, file, text, fault):
    imported(dags)
    (dags / file).write_text(text)
    with pytest.raises(FaultsError) as raised:
        imported(dags)
    assert fault in str(raised.value)


def test_without_these_files_no_name_is_wrong(dags):
    (dags / "queues.yaml").unlink()
    (dags / "connections.yaml").unlink()
    assert imported(dags)["x"].get_task("x").pool == "default_pool"
