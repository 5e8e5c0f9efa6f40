"""Names of operations as ids of tasks."""

import pytest

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.build import plan_of
from polyaxon_airflow.polyaxonfile.reading import read_operation

JOB = "run: {kind: job, container: {image: busybox}}"


def tasks_of(text, dag_id="train"):
    return [node.id for node in plan_of(compile_operation(read_operation(text)), dag_id=dag_id).nodes]


def dag(*operations):
    return "kind: component\nrun:\n  kind: dag\n  operations:\n" + "".join(
        f"  - {{{line}, {JOB}}}\n" for line in operations
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"name: fit\n{JOB}\n", ["fit"], id="the name of the operation"),
        pytest.param(f"{JOB}\n", ["train"], id="the id of the DAG without one"),
        pytest.param(f"name: '{{{{ globals.uuid }}}}'\n{JOB}\n", ["train"], id="and for a template"),
        pytest.param(
            dag("name: '{{ params.x }} fit'"), ["params-x-fit"], id="a template in a dag, without its braces"
        ),
    ],
)
def test_tasks_are_called_like_their_operations(text, expected):
    assert tasks_of(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            dag("name: a, isApproved: false", "name: a_approval"),
            "two tasks would be called 'a_approval'. Rename the operation of that name.",
            id="an operation that is called like a task beside another one",
        ),
        pytest.param(
            dag(f"name: {'x' * 251}"),
            "Airflow takes ids of at most 250 characters; 'xxxxxxxxxxxxxxxxxxxx...' has 251.",
            id="a name too long for Airflow",
        ),
    ],
)
def test_ids_that_airflow_does_not_take_are_refused(text, sentence):
    with pytest.raises(CompilationError, match=sentence.replace(".", r"\.")):
        tasks_of(text)
