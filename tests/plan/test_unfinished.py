"""A file that is marked as a template becomes no DAG."""

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.file import plan_file

FILE = "template: {{enabled: {enabled}, fields: [run.container.image]}}\nrun: {{kind: job, container: {{image: a}}}}\n"


def test_a_file_that_is_to_be_filled_in_is_refused(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(FILE.format(enabled="true"))
    with pytest.raises(
        CompilationError, match=r"a.yaml:1:1: this file is a template .*: run.container.image"
    ):
        plan_file(file, tmp_path)


def test_a_file_that_has_been_filled_in_is_a_dag(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(FILE.format(enabled="false"))
    assert plan_file(file, tmp_path).dag_id == "a"
