"""docs/connections.md: its file of connections can be read, and its polyaxonfile asks for what is in it."""

import pytest

from polyaxon_airflow.connections.catalogue import read_catalogue
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.resolution import contexts_of
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.plan.file import plan_file
from tests.documents import examples

EXAMPLES = examples("connections.md")
CATALOGUE = read_catalogue(EXAMPLES["connections.yaml"])


def planned(folder, catalogue):
    (folder / "train.yaml").write_text(EXAMPLES["train.yaml"])
    return plan_file(folder / "train.yaml", folder, deployment=Deployment(connections=catalogue))


def test_every_yaml_of_the_page_is_used_here():
    assert list(EXAMPLES) == ["connections.yaml", "train.yaml"]


def test_the_connections_file_can_be_read():
    assert list(CATALOGUE.connections) == ["runs", "code", "data"]
    assert contexts_of(CATALOGUE.connections)["data"]["mountPath"] == "/data"


def test_the_polyaxonfile_asks_for_connections_that_there_are(tmp_path):
    assert [node.id for node in planned(tmp_path, CATALOGUE).nodes] == ["train"]


def test_a_name_that_the_file_does_not_have_is_refused_with_its_place_and_those_that_there_are(tmp_path):
    without = read_catalogue(EXAMPLES["connections.yaml"].replace("name: data", "name: date"))
    with pytest.raises(
        CompilationError, match=r"train.yaml:5:17: unknown connection 'data'; known: runs, code, date"
    ):
        planned(tmp_path, without)
