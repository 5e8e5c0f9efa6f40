"""A plan as an Airflow DAG: a thin translation, in which nothing is decided."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator, Param, TaskGroup
from airflow.sdk.definitions._internal.expandinput import DictOfListsExpandInput
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.definitions.taskgroup import MappedTaskGroup

from polyaxon_airflow.operators.label import TEMPLATE
from polyaxon_airflow.plan import CRASHES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk.definitions.mappedoperator import MappedOperator

    from polyaxon_airflow.plan import Group, Node, Plan

OPERATORS = {
    "approval": "polyaxon_airflow.operators.approval:ApprovalGateOperator",
    "run": "polyaxon_airflow.operators.run:RunOperator",
    "params": "polyaxon_airflow.operators.params:ParamsOperator",
    "trial": "polyaxon_airflow.operators.trial:TrialOperator",
    "tuner": "polyaxon_airflow.operators.tuner:TunerOperator",
    "values": "polyaxon_airflow.operators.values:ValuesOperator",
    "event": "polyaxon_airflow.sensors:EventSensor",
    "best": "polyaxon_airflow.operators.best:BestOperator",
    "gate": "polyaxon_airflow.operators.gate:GateOperator",
    "outcome": "polyaxon_airflow.operators.outcome:OutcomeOperator",
    "hook": "polyaxon_airflow.operators.hook:HookOperator",
    "build": "polyaxon_airflow.operators.build:BuildOperator",
}
DEFAULT_POOL = "default_pool"
FAIR_SHARE = (
    "polyaxon_airflow.operators.priority.FairShare"  # a name: an instance does not survive serialisation
)
RETRY_DELAY = timedelta(seconds=5)


class PolyaxonDAG(DAG):
    """A DAG that knows the plan it was built from; its tasks find their node there.

    The Code tab shows `fileloc`, so that is the polyaxonfile. What Airflow lists and a worker opens is
    `relative_fileloc`, which stays the stub.
    """

    polyaxon_plan: Plan

    def validate(self) -> None:
        """Called by Airflow after it has set `fileloc` to the Python file that it parsed."""
        if self.polyaxon_plan.file:
            self.fileloc = self.polyaxon_plan.file
        super().validate()  # type: ignore[no-untyped-call]


def build_dags(plan: Plan) -> dict[str, DAG]:
    """The DAGs of a plan, its own first: with events that start it, there is one that waits for them."""
    dags: dict[str, DAG] = {plan.dag_id: build_dag(plan)}
    if plan.events:
        from polyaxon_airflow.dag.dispatching import dispatcher_of

        dispatcher = dispatcher_of(plan.dag_id, plan.events)
        dags[dispatcher.dag_id] = dispatcher
    return dags


def build_dag(plan: Plan) -> PolyaxonDAG:
    """The DAG of a plan. Tasks hold no spec and no manifest: a worker finds them in `dag.polyaxon_plan`."""
    dag = PolyaxonDAG(
        dag_id=plan.dag_id,
        description=plan.description,
        doc_md=f"```yaml\n{plan.text.strip()}\n```",
        tags=list(plan.tags),
        auto_register=False,  # else a DAG that fails half way would be found, without its tasks
        **_when(plan),
    )
    dag.polyaxon_plan = plan
    with dag:
        tasks = _tasks(plan)
    for node in plan.nodes:
        for upstream in node.upstream:
            tasks[upstream] >> tasks[node.id]
    # After the tasks: each task would get a copy, and Airflow validates every copy when it serialises the DAG.
    dag.params = ParamsDict({name: _param(given) for name, given in plan.params.items()})
    return dag


def _when(plan: Plan) -> dict[str, Any]:
    """When runs start by themselves, and how many tasks of one run at once."""
    limit = {"max_active_tasks": plan.concurrency} if plan.concurrency else {}
    if plan.schedule is None and not plan.events:
        return {"schedule": None, "catchup": False, **limit}
    if plan.schedule is None:
        from polyaxon_airflow.dag.dispatching import (
            event_timetable,  # triggers: only for a DAG that has events
        )

        return {"schedule": event_timetable(plan.events), "catchup": False, **limit}
    from polyaxon_airflow.timetables import dag_arguments  # core's timetables: only for a DAG that has one

    return {**dag_arguments(plan.schedule), **limit}


def _tasks(plan: Plan) -> dict[str, BaseOperator | MappedOperator]:
    groups: dict[str, TaskGroup] = {}
    tasks: dict[str, BaseOperator | MappedOperator] = {}
    waiting = list(plan.groups)
    for node in plan.nodes:
        while node.group and node.group not in groups:
            _add_group(waiting.pop(0), groups, tasks)
        with ExitStack() as stack:
            if node.group:
                stack.enter_context(groups[node.group])
            tasks[node.id] = _task(node, tasks, plan)
    return tasks


def _add_group(group: Group, groups: dict[str, TaskGroup], tasks: Mapping[str, Any]) -> None:
    """A task group. One that is mapped over what a task gives comes after that task."""
    parent, _, name = group.id.rpartition(".")
    with ExitStack() as stack:
        if parent:
            stack.enter_context(groups[parent])
        if not group.is_mapped:
            groups[group.id] = TaskGroup(group_id=name, tooltip=group.tooltip)
            return
        instances = tasks[group.mapped_over].output if group.mapped_over else list(range(group.mapped or 0))
        given = DictOfListsExpandInput({"index": instances})
        groups[group.id] = MappedTaskGroup(group_id=name, tooltip=group.tooltip, expand_input=given)


def _task(node: Node, tasks: Mapping[str, Any], plan: Plan) -> BaseOperator | MappedOperator:
    module, _, name = OPERATORS[node.kind].partition(":")
    operator: type[BaseOperator] = getattr(import_module(module), name)
    arguments = _arguments(node, plan)
    if node.kind == "hook":  # Airflow leaves teardowns out when it decides how the DAG run has ended
        teardown = operator(**arguments)
        teardown.as_teardown()
        return teardown
    if node.mapped is None and node.mapped_over is None:
        return operator(**arguments)
    mapped = operator.partial(**arguments, map_index_template=TEMPLATE)
    if node.mapped_over is not None:
        return mapped.expand(index=tasks[node.mapped_over].output)
    return mapped.expand(index=list(range(node.first_index, node.first_index + (node.mapped or 0))))


def _arguments(node: Node, plan: Plan) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "task_id": node.id.rpartition(".")[2],
        "pool": node.pool,
        "pool_slots": node.pool_slots,
        "weight_rule": "absolute" if node.pool == DEFAULT_POOL else FAIR_SHARE,
        "retries": max(node.max_retries, node.most_retries) + CRASHES,
        "retry_delay": RETRY_DELAY,
        "trigger_rule": _trigger_rule(node),
    }
    if node.kind == "approval":
        arguments["subject"] = f"Run {node.details['task']}?"
    if node.kind == "event":
        arguments["wanted"] = node.details["wanted"]
        # Airflow's triggerer dies of a run that lacks a param, as one does that began before its file wanted it.
        arguments["params"] = {name: None for name, given in plan.params.items() if "default" not in given}
    if node.kind == "params":
        arguments["map_index_template"] = TEMPLATE
    if node.concurrency is not None:
        arguments["max_active_tis_per_dagrun"] = node.concurrency
    return arguments


def _trigger_rule(node: Node) -> str:
    if not node.decides:
        return "all_success"
    # An event alone does not start what also waits for other operations.
    return "one_success" if node.trigger.startswith("one_") and node.event is None else "all_done"


def _param(given: Mapping[str, Any]) -> Param:
    default = {"default": given["default"]} if "default" in given else {}
    return Param(**default, description=given.get("description"), **given["schema"])
