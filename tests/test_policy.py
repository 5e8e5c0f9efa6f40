"""The pools of tasks whose run was sent to another queue, on Airflow's own serialized DAGs and task instances; what a
triggerer shares with the processes that it forks.
"""

import subprocess
import sys

import pytest

from polyaxon_airflow.plan.choices import BY_VALUE, MARK

OURS = {"type": ["null", "string"], "enum": [None, "lab/cpu", "lab/gpu"], MARK: True}
PRESETS = {"type": "array", MARK: {"big": {"t": ["lab.gpu", 4]}}}


@pytest.fixture
def pool_of():
    """The pool (and slots) of a task of a DAG with params `queue` and `presets`, triggered with some `conf`."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG, Param
    from airflow.serialization.serialized_objects import DagSerialization

    from polyaxon_airflow.policy import task_instance_mutation_hook

    class Run:
        def __init__(self, conf):
            self.conf = conf

    def call(conf, schema=OURS, pool="lab.cpu"):
        params = {"queue": Param(None, **schema), "presets": Param([], **PRESETS)}
        with DAG("d", schedule=None, params=params) as dag:
            BashOperator(task_id="t", bash_command="true", pool=pool)
        task = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task("t")
        instance = TaskInstance(task, run_id="r", dag_version_id=None)
        task_instance_mutation_hook(instance, Run(conf))
        return instance.pool if instance.pool_slots == 1 else (instance.pool, instance.pool_slots)

    return call


def test_a_chosen_queue_is_the_pool(pool_of):
    assert pool_of({"queue": "lab/gpu"}) == "lab.gpu"


def test_a_chosen_preset_may_go_elsewhere_and_take_more(pool_of):
    assert pool_of({"presets": ["big"]}) == ("lab.gpu", 4)


@pytest.mark.parametrize("conf", [None, {}, {"queue": None}, {"lr": 1}])
def test_without_a_choice_the_pool_stays(pool_of, conf):
    assert pool_of(conf) == "lab.cpu"


def test_the_value_of_an_input_decides_where_the_queue_is_a_template(pool_of):
    ios = [{"name": "queue", "type": "str", "value": "cpu"}]
    to = {"lab/cpu": ["lab.cpu", 1], "lab/gpu": ["lab.gpu", 2]}
    rule = {"queue": "{{ queue }}", "ios": ios, "asked": {"queue": "queue"}, "to": to, "refused": {}}
    schema = {"type": ["null", "string"], BY_VALUE: {"t": rule}}
    assert pool_of({"queue": "gpu"}, schema) == ("lab.gpu", 2)
    assert pool_of({"queue": "tpu"}, schema) == "lab.cpu"


def test_tasks_outside_of_queues_stay_there(pool_of):
    assert pool_of({"queue": "lab/gpu"}, pool="default_pool") == "default_pool"


def test_a_param_of_this_name_of_somebody_elses_dag_means_nothing(pool_of):
    assert (
        pool_of({"queue": "lab/gpu"}, schema={"type": ["null", "string"]}, pool="their.pool") == "their.pool"
    )


def test_airflow_asks_about_new_tasks():
    from airflow import settings

    assert settings.task_instance_mutation_hook.is_noop is False


FORKS = """
import gc
import os
import sys

sys.argv = ["airflow", {command!r}]
import polyaxon_airflow.policy

pid = os.fork()
if not pid:
    print(gc.get_freeze_count(), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print(gc.get_freeze_count())
"""


@pytest.mark.parametrize(("command", "is_left_out"), [("triggerer", True), ("scheduler", False)])
def test_a_triggerer_leaves_what_it_shares_out_of_garbage_collections(tmp_path, command, is_left_out):
    environment = {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", FORKS.format(command=command)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    child, parent = map(int, done.stdout.splitlines()[-2:])
    assert (child > 10_000, parent > 10_000) == (is_left_out, is_left_out)
