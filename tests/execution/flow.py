"""A dag run without Airflow: the tasks of a plan one after another, with the real store and the real process runner."""

import textwrap
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.execution.approving import answered, ask
from polyaxon_airflow.execution.building import end_build, start_build
from polyaxon_airflow.execution.dag_trials import begin_dag_trial
from polyaxon_airflow.execution.ending import end_dag, end_sweep
from polyaxon_airflow.execution.execution import Execution
from polyaxon_airflow.execution.gating import pass_gate
from polyaxon_airflow.execution.hooks import start_hook
from polyaxon_airflow.execution.identity import TaskIdentity
from polyaxon_airflow.execution.sweeps import trial_indexes
from polyaxon_airflow.execution.task import Ended, Surroundings, Task
from polyaxon_airflow.execution.trials import start_trial
from polyaxon_airflow.execution.tuners import end_round, round_of, start_round
from polyaxon_airflow.plan.build import plan_of
from polyaxon_airflow.polyaxonfile import read_operation
from polyaxon_airflow.polyaxonfile.library import Library
from polyaxon_airflow.runners.base import Settings, no_secrets
from polyaxon_airflow.runners.process.runner import ProcessRunner
from polyaxon_airflow.store import open_store
from tests import components

AIRFLOW_STATE = {  # what a task reports to Airflow
    "succeeded": "success",
    "stopped": "success",
    "failed": "failed",
    "skipped": "skipped",
    "upstream_failed": "skipped",
}


@dataclass
class World:
    """One deployment."""

    folder: object
    at: datetime = datetime(2026, 1, 1, tzinfo=timezone.utc)
    runs: int = 0
    lines: list = field(default_factory=list)
    deployment: object = None
    artifacts: object = None  # the artifacts store of the deployment
    connections: dict = field(default_factory=dict)
    secrets: object = no_secrets
    notify: object = None  # what takes messages
    rejected: tuple = ()  # ids of the approvals that a person answers with no

    def __post_init__(self):
        self.store = open_store(f"sqlite:///{self.folder}/store.db")
        settings = Settings(f"{self.folder}/artifacts", f"{self.folder}/context", {}, 2.0)
        self.runner = ProcessRunner(settings, folder=str(self.folder), secrets=self.secrets)

    def clock(self):
        self.at += timedelta(milliseconds=10)
        return self.at

    def plan(self, text, **more):
        compiled = compile_operation(read_operation(textwrap.dedent(text)))
        more = {"deployment": self.deployment, "library": Library(self.folder), **more}
        return plan_of(compiled, dag_id=compiled.name or "test", text=text, **more)

    def run(self, text, conf=None, *, run_id=None, generation=0, missed=()):
        """Task id -> how it ended, of all tasks of a run that Airflow would start. `missed`: events that never come."""
        plan = self.plan(text)
        self.runs += 1
        run = DagRun(self, plan, conf or {}, run_id or f"run-{self.runs}", generation, missed)
        run.go()
        return run

    def component(self, name, text):
        """Put a component into the folder of components, as `polyaxon-airflow fetch` does."""
        components.put(self.folder, name, text)

    def close(self):
        self.store.close()


@dataclass
class DagRun:
    world: World
    plan: object
    conf: dict
    run_id: str
    generation: int = 0
    missed: tuple = ()
    ended: dict = field(default_factory=dict)
    states: dict = field(default_factory=dict)
    labels: list = field(default_factory=list)
    index: int = -1  # of the instance of a mapped group

    def go(self):
        waiting = list(self.plan.nodes)
        while waiting:
            node = next(n for n in waiting if all(u in self.states for u in n.upstream))
            together = self.mapped_together(node)
            for self.index in together[1]:
                for node in together[0]:
                    self.states[node.id] = self.airflow_decides(node) or self.execute(node)
            waiting = [node for node in waiting if node not in together[0]]

    def mapped_together(self, node):
        """The tasks of the mapped group that a task is in, and the instances; else the task alone."""
        mapped = self.plan.mapped_group(node.group)
        if mapped is None:
            return [node], [-1]
        indexes = self.indexes if mapped.mapped is None else range(mapped.mapped)
        return [other for other in self.plan.nodes if mapped.holds(other.group)], indexes

    def airflow_decides(self, node):
        """What Airflow does by itself with `all_success`."""
        states = [self.states[upstream] for upstream in node.upstream]
        if node.decides:
            return None
        if any(state in ("failed", "upstream_failed") for state in states):
            return "upstream_failed"
        return "skipped" if "skipped" in states else None

    def execute(self, node):
        if node.kind == "values":
            self.indexes = trial_indexes(self.task(node), self.around())
            return "success"
        if node.kind == "tuner":
            return self.tuner(node)
        if node.kind == "trial":
            indexes = range(node.first_index, node.first_index + node.mapped) if node.mapped else self.indexes
            for index in indexes:
                self.ended[f"{node.id}[{index}]"] = self.trial(node, index)
            return "success" if indexes else "skipped"
        task, around = self.task(node), self.around()
        kinds = {
            "run": lambda: self.one_run(Execution(task, around)),
            "params": lambda: self.begin_dag_trial(task, around),
            "gate": lambda: pass_gate(task, around),
            "outcome": lambda: end_dag(task, around),
            "best": lambda: end_sweep(task, around),
            "event": lambda: Ended("skipped" if node.id in self.missed else "succeeded", ""),
            "build": lambda: self.build(task, around),
            "hook": lambda: self.to_its_end(*start_hook(task, around)),
            "approval": lambda: ask(task, around) or self.approve(task, around),
        }
        ended = kinds[node.kind]()
        self.ended[node.id if self.index < 0 else f"{node.id}[{self.index}]"] = ended
        return AIRFLOW_STATE[ended.status]

    def tuner(self, node):
        task, around = self.task(node), self.around()
        self.ended[node.id] = ended = self.to_its_end(*start_round(task, around))
        self.indexes = end_round(round_of(task, around), ended, around) if ended.status == "succeeded" else []
        return AIRFLOW_STATE[ended.status]

    def approve(self, task, around):
        approved = task.node.id not in self.world.rejected
        answered(task, around, is_approved=approved, who="Ada")
        return Ended("succeeded" if approved else "skipped", "")

    def one_run(self, execution):
        return self.to_its_end(execution, execution.start())

    def begin_dag_trial(self, task, around):
        ended, label = begin_dag_trial(task, around)
        self.labels.append(label)
        return ended

    def build(self, task, around):
        ended = self.to_its_end(*start_build(task, around))
        end_build(task, around, ended)
        return ended

    def to_its_end(self, execution, started):
        return started if isinstance(started, Ended) else execution.finish(started, execution.follow(started))

    def trial(self, node, index):
        execution, started, label = start_trial(self.task(node, index), self.around(), index)
        self.labels.append(label)
        return self.to_its_end(execution, started)

    def task(self, node, index=None):
        where = TaskIdentity(
            self.plan.dag_id, self.run_id, node.id, self.index if index is None else index, self.generation
        )
        return Task(where, self.plan, node, conf=self.conf)

    def around(self):
        return Surroundings(
            store=self.world.store,
            runner=self.world.runner,
            clock=self.world.clock,
            sleep=lambda _: None,
            log=self.world.lines.append,
            log_line=lambda line: self.world.lines.append(line.text),
            statuses=self.airflow_knows,
            interrupted=lambda: None,
            artifacts=self.world.artifacts,
            connections=self.world.connections,
            notify=self.world.notify,
            runs_folder=f"{self.world.folder}/artifacts",
        )

    def airflow_knows(self, task_ids):
        """The states of tasks, and of each instance of mapped ones: `trial_3`."""
        states = {task_id: self.states.get(task_id) for task_id in task_ids}
        for name, ended in self.ended.items():
            task_id, _, index = name.rstrip("]").partition("[")
            if index and task_id in states:
                states[f"{task_id}_{index}"] = AIRFLOW_STATE[ended.status]
        return states

    def outputs(self, task_id):
        return dict(self.ended[task_id].outputs)

    def statuses(self):
        return {task_id: ended.status for task_id, ended in self.ended.items()}
