"""`load_polyaxonfiles` in a loader file, through what Airflow's dag-processor does with one."""

import os
import textwrap

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.dag_processing.processor import _serialize_dags
from structlog import get_logger

GOOD = """
    kind: component
    name: {name}
    run: {{kind: job, container: {{image: busybox, command: [echo, hello]}}}}
"""
LOADER = """
    from polyaxon_airflow import load_polyaxonfiles  # airflow dag

    globals().update(load_polyaxonfiles({argument}))
"""


@pytest.fixture
def folder(tmp_path):
    dags = tmp_path / "dags"
    (dags / "deep").mkdir(parents=True)
    write(dags / "one.yaml", GOOD.format(name="one"))
    write(dags / "deep" / "two.yaml", GOOD.format(name="two"))
    return dags


def write(file, text):
    file.write_text(textwrap.dedent(text).lstrip())


def load(folder, argument="__file__"):
    """The ids of the DAGs that Airflow gets, and the import errors by file."""
    write(folder / "loader.py", LOADER.format(argument=argument))
    bag = DagBag(str(folder / "loader.py"), bundle_path=folder, bundle_name="dags", load_op_links=False)
    serialised, errors = _serialize_dags(bag, get_logger())
    return {dag.dag_id for dag in serialised}, {**bag.import_errors, **errors}


def test_a_loader_file_loads_all_polyaxonfiles_of_its_folder(folder):
    assert load(folder) == ({"one", "two"}, {})


def test_a_loader_file_can_name_another_folder_or_one_polyaxonfile(folder):
    assert load(folder, repr(str(folder / "deep"))) == ({"two"}, {})
    assert load(folder, repr(str(folder / "one.yaml"))) == ({"one"}, {})


def test_a_broken_polyaxonfile_is_an_import_error_of_its_own(folder):
    write(folder / "broken.yaml", GOOD.format(name="broken").replace("container", "contaner"))
    dags, errors = load(folder)
    assert dags == {"one", "two"}
    assert list(errors) == ["broken.yaml"]
    assert "broken.yaml:3:18" in errors["broken.yaml"]
    assert "Did you mean 'container'?" in errors["broken.yaml"]


def test_ignored_polyaxonfiles_are_not_loaded(folder):
    (folder / ".airflowignore").write_text("deep/" + os.linesep)
    assert load(folder) == ({"one"}, {})


def test_a_worker_builds_only_the_dag_that_it_runs(folder, monkeypatch):
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "two")
    assert load(folder) == ({"two"}, {})
