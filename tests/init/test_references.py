import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.init.entry import Init
from polyaxon_airflow.init.references import Lineage, Version, literal, parse

UUID = "8aac02e3a62a4f0aaa257c59da5eab80"
KNOWN = {
    Lineage(UUID, "model"): [f"{UUID}/outputs/model"],
    Lineage(UUID, "both"): [f"{UUID}/outputs/a", f"{UUID}/outputs/b"],
    Version("model", None, "mnist", "v1"): [f"{UUID}/outputs/model"],
    Version("artifact", "acme", "data", "2026"): [f"{UUID}/outputs/data"],
}


def find(reference):
    return KNOWN.get(reference, [])


@pytest.mark.parametrize(
    ("entry", "paths"),
    [
        pytest.param({"lineageRef": f"{UUID}:model"}, [f"{UUID}/outputs/model"], id="lineage"),
        pytest.param({"lineageRef": "8aac02e3-a62a-4f0a-aa25-7c59da5eab80:model"}, [f"{UUID}/outputs/model"], id="dashes"),
        pytest.param({"lineageRef": f"{UUID}:both"}, [f"{UUID}/outputs/a", f"{UUID}/outputs/b"], id="of several paths"),
        pytest.param({"modelRef": "mnist:v1", "path": "/m"}, [[f"{UUID}/outputs/model", "model"]], id="with a path"),
        pytest.param({"artifactRef": "acme/data:2026"}, [f"{UUID}/outputs/data"], id="of an owner"),
    ],
)  # fmt: skip
def test_a_reference_becomes_paths(entry, paths):
    found = literal(Init.model_validate(entry), find)
    assert (found.source, found.paths, found.path) == ("paths", paths, entry.get("path"))


def test_other_entries_stay_as_they_are():
    step = Init.model_validate({"git": {"url": "https://host/a/b"}})
    assert literal(step, find) is step


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"lineageRef": "a"}, "lineageRef 'a' is not of the form RUN_UUID:ARTIFACT"),
        ({"modelRef": "mnist:"}, r"modelRef 'mnist:' is not of the form \[OWNER/\]PROJECT:VERSION"),
        ({"modelRef": "mnist:v9"}, "no run has what modelRef 'mnist:v9' names"),
    ],
)
def test_a_reference_that_means_nothing_is_refused(entry, sentence):
    with pytest.raises(CompilationError, match=sentence):
        literal(Init.model_validate(entry), find)


def test_a_colon_in_an_artifacts_project_is_part_of_it():
    assert parse("artifact_ref", "a/b:c:d") == Version("artifact", "a", "b:c", "d")
