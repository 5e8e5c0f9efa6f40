"""A sweep while parts of its Airflow are killed, and what must be true of it afterwards."""

import os
import random
import signal
from collections import Counter
from pathlib import Path

from polyaxon_airflow.matrix import Trial
from polyaxon_airflow.plan import CRASHES
from polyaxon_airflow.polyaxonfile import read_operation
from tests.e2e.driver import FINAL

COMPONENTS = ("scheduler", "triggerer", "dag-processor")

# Each trial holds a lock while it runs, so that two of one trial at once would show.
SWEEPS = """
kind: component
name: {name}
run:
  kind: dag
  operations:
  - {{name: side_by_side, dagRef: train, matrix: {side_by_side}}}
  - {{name: one_by_one, dagRef: train, matrix: {one_by_one}}}
  components:
  - name: train
    cache: {{disable: true}}
    inputs: [{{name: x, type: float}}]
    outputs: [{{name: loss, type: metric}}]
    run:
      kind: job
      container:
        image: x
        command: [sh, -c]
        args:
        - |
          exec 9> {marks}/{{{{ globals.uuid }}}}
          flock -n 9 || echo {{{{ globals.uuid }}}} >> {marks}/twice
          for step in 1 2 3 4; do echo "step=$step loss={{{{ x }}}}"; sleep {pause}; done
"""


class Survival:
    """Two sweeps in one DAG, one of which learns from every trial before the next begins."""

    def __init__(self, driver, name, marks, *, random_trials, tpe_trials, pause=0.25):
        self.driver, self.marks, self.killed = driver, marks, []
        self.losses = Counter()  # of workers, by the run that each was at
        space = "params: {x: {kind: uniform, value: [0, 9]}}"
        matrices = {
            "side_by_side": f"{{kind: random, numRuns: {random_trials}, concurrency: 4, seed: 11, {space}}}",
            "one_by_one": f"{{kind: tpe, numRuns: {tpe_trials}, concurrency: 1, seed: 12, "
            f"metric: {{name: loss, optimization: minimize}}, {space}}}",
        }
        self.expected = {sweep: undisturbed(matrix) for sweep, matrix in matrices.items()}
        text = SWEEPS.format(name=name, marks=marks, pause=pause, **matrices)
        self.dag_id = driver.drop(f"{name}.yaml", text)
        self.run_id = driver.trigger(self.dag_id)

    @property
    def trials(self):
        return sum(map(len, self.expected.values()))

    def ended(self):
        """How many trials have."""
        states = self.driver.states(self.dag_id, self.run_id).items()
        return sum(state in FINAL for name, state in states if ".trial[" in name)

    def is_over(self):
        return self.driver.state(self.dag_id, self.run_id) in ("success", "failed")

    def kill_at(self, kills, seed, *, patience):
        """Kill parts at seeded points of the sweeps' progress. `kills`: names of components, `task` or `worker`."""
        rng = random.Random(seed)
        points = sorted(rng.randrange(self.trials - 4) for _ in kills)
        for part, point in zip(kills, points, strict=True):
            self.driver.until(
                lambda point=point: self.ended() >= point or self.is_over(), f"{point} ended trials", patience
            )
            if self.is_over():
                return
            self.kill(part, rng)

    def kill(self, part, rng):
        airflow = self.driver.airflow
        if part in COMPONENTS:
            os.kill(airflow.pid(part), signal.SIGKILL)
            airflow.start_component(part)
            self.killed.append(part)
            return
        found = []
        self.driver.until(lambda: found.extend(self.spared()) or found or self.is_over(), "a trial", 240)
        if found:
            run, task = rng.choice(found)
            os.kill(task if part == "task" else parent(task), signal.SIGKILL)
            self.killed.append(part)
            self.losses[run] += 1

    def spared(self):
        """Runs and their tasks that may lose one more worker: a trial that has lost too many is a failure."""
        return [(run, task) for run, task in tasks_of(self.marks) if self.losses[run] < CRASHES]

    def check(self, *, patience):
        """Nothing was lost, nothing happened twice, and all is as if nothing had been killed."""
        state = self.driver.wait(self.dag_id, self.run_id, patience=patience)
        states = self.driver.states(self.dag_id, self.run_id)
        assert state == "success", states
        for sweep, expected in self.expected.items():
            rows = self.driver.xcom(self.dag_id, self.run_id, f"{sweep}.best")["trials"]
            told = {row["index"]: (row["params"], row["value"], row["state"]) for row in rows}
            assert len(rows) == len(told)
            assert told == expected, rows
        assert not (Path(self.marks) / "twice").exists()


def undisturbed(matrix):
    """Index -> params, value and state, as trials one after another have them: a sweep is a pure function."""
    operation = (
        f"{{kind: operation, matrix: {matrix}, component: {{run: {{kind: job, container: {{image: x}}}}}}}}"
    )
    asked = read_operation(operation).matrix
    history = []
    for index in range(asked.trials()):
        params = asked.ask(index, history)
        history.append(Trial(index, params, params["x"], "succeeded"))
    return {trial.index: (trial.params, trial.value, trial.state) for trial in history}


def tasks_of(marks):
    """Runs and the pids of their tasks. A task is the parent of the guardian of a shell that holds the run's lock."""
    locks = {pid: lock_of(pid) for pid in processes()}
    shells = [pid for pid, lock in locks.items() if lock.startswith(f"{marks}/")]
    guarded = [pid for pid in shells if b"guardian.py" in read(parent(pid), "cmdline")]
    found = {(Path(locks[pid]).name, parent(parent(pid))) for pid in guarded}
    return sorted((run, task) for run, task in found if task > 1)


def lock_of(pid):
    try:
        return str(Path(f"/proc/{pid}/fd/9").readlink())
    except OSError:
        return ""


def processes():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def parent(pid):
    fields = read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 1


def read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
