"""Folders of DAGs that say the same in three ways: polyaxonfiles, hand-written Python, dag-factory's YAML.

Each DAG has two parameters and five tasks: two that start, one that joins them, two after it.
"""

STEP = 'component: {{run: {{kind: job, container: {{image: busybox, command: [sh, -c], args: ["echo {number}"]}}}}}}'
POLYAXONFILE = f"""version: 1.1
kind: component
name: pipeline-{{number}}
description: Pipeline {{number}}
inputs:
- {{{{name: lr, type: float, value: 0.1, isOptional: true, description: Learning rate}}}}
- {{{{name: city, type: str, value: paris, isOptional: true}}}}
run:
  kind: dag
  operations:
  - {{{{name: fetch, {STEP}}}}}
  - {{{{name: check, {STEP}}}}}
  - {{{{name: join, dependencies: [fetch, check], {STEP}}}}}
  - {{{{name: train, dependencies: [join], {STEP}}}}}
  - {{{{name: report, dependencies: [join], {STEP}}}}}
"""

PYTHON = """from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

with DAG(
    "pipeline-{number}",
    description="Pipeline {number}",
    schedule=None,
    params={{
        "lr": Param(0.1, type="number", description="Learning rate"),
        "city": Param("paris", type="string"),
    }},
):
    fetch = BashOperator(task_id="fetch", bash_command="echo {number}")
    check = BashOperator(task_id="check", bash_command="echo {number}")
    join = BashOperator(task_id="join", bash_command="echo {number}")
    train = BashOperator(task_id="train", bash_command="echo {number}")
    report = BashOperator(task_id="report", bash_command="echo {number}")
    [fetch, check] >> join >> [train, report]
"""

BASH = "airflow.providers.standard.operators.bash.BashOperator"
DAGFACTORY = f"""pipeline-{{number}}:
  description: Pipeline {{number}}
  schedule: null
  default_args: {{{{start_date: 2026-01-01}}}}
  params:
    lr: {{{{__type__: airflow.sdk.Param, default: 0.1, type: number, description: Learning rate}}}}
    city: {{{{__type__: airflow.sdk.Param, default: paris, type: string}}}}
  tasks:
  - {{{{task_id: fetch, operator: {BASH}, bash_command: "echo {{number}}"}}}}
  - {{{{task_id: check, operator: {BASH}, bash_command: "echo {{number}}"}}}}
  - {{{{task_id: join, operator: {BASH}, bash_command: "echo {{number}}", dependencies: [fetch, check]}}}}
  - {{{{task_id: train, operator: {BASH}, bash_command: "echo {{number}}", dependencies: [join]}}}}
  - {{{{task_id: report, operator: {BASH}, bash_command: "echo {{number}}", dependencies: [join]}}}}
"""
LOADER = """from dagfactory import load_yaml_dags  # airflow dag

load_yaml_dags(globals_dict=globals(), dags_folder={folder!r})
"""


def write_polyaxonfiles(folder, count):
    """One polyaxonfile a DAG."""
    write(folder, "yaml", POLYAXONFILE, count)


def write_python(folder, count):
    """One Python file a DAG."""
    write(folder, "py", PYTHON, count)


def write_dagfactory(folder, count):
    """One YAML file a DAG, and the loader file for all that dag-factory's documentation shows."""
    write(folder / "dags", "yaml", DAGFACTORY, count)
    (folder / "loader.py").write_text(LOADER.format(folder=str(folder / "dags")))


def write(folder, suffix, text, count):
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"pipeline-{number}.{suffix}").write_text(text.format(number=number))
