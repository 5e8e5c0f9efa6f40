"""What a test does with a real Airflow: drop a polyaxonfile, trigger it, wait, look."""

import textwrap
import time
from urllib.parse import quote

from polyaxon_airflow.rest import ApiError, run_path

FINAL = {"success", "failed", "skipped", "upstream_failed", "removed"}


class Driver:
    def __init__(self, airflow):
        self.airflow = airflow
        self.client = airflow.client()

    def drop(self, name, text, *, dag_id=None):
        """Write a polyaxonfile and wait until its DAG is there as it is written."""
        file = self.airflow.dags / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = textwrap.dedent(text)
        file.write_text(text)
        dag_id = dag_id or file.stem
        self.until(lambda: self._is_there(dag_id, text), f"DAG {dag_id}")
        return dag_id

    def _is_there(self, dag_id, text):
        details = self.details(dag_id)
        return details is not None and text.strip() in details["doc_md"] and not details["is_stale"]

    def details(self, dag_id):
        try:
            return self.client.get(f"/dags/{quote(dag_id)}/details")
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def import_errors(self):
        return {e["filename"]: e["stack_trace"] for e in self.client.get("/importErrors")["import_errors"]}

    def pause(self, dag_id, *, paused):
        """Pause or resume a DAG; again, where SQLite was locked for too long."""

        def patched():
            try:
                return self.client.patch(f"/dags/{quote(dag_id)}", {"is_paused": paused})
            except ApiError as error:
                if error.status >= 500:
                    return None
                raise

        self.until(patched, f"{dag_id} to be {'paused' if paused else 'resumed'}")

    def run(self, dag_id, conf=None, *, patience=180):
        """Trigger a DAG and wait for its end: the run's id."""
        run_id = self.trigger(dag_id, conf)
        self.wait(dag_id, run_id, patience=patience)
        return run_id

    def trigger(self, dag_id, conf=None):
        """Trigger a DAG: the run's id. A busy machine parses so late that Airflow drops a DAG for a while."""
        found = []

        def triggered():
            try:
                found.append(self.client.trigger(dag_id, conf))
            except ApiError as error:
                if error.status != 404:
                    raise
            return found

        self.until(triggered, f"DAG {dag_id} to trigger", 120)
        return found[0]

    def wait(self, dag_id, run_id, *, patience=180):
        self.until(lambda: self.state(dag_id, run_id) in ("success", "failed"), f"run {run_id}", patience)
        return self.state(dag_id, run_id)

    def state(self, dag_id, run_id):
        return self.client.get(run_path(dag_id, run_id))["state"]

    def tasks(self, dag_id, run_id):
        """(task id, map index) -> task instance."""
        found = self.client.get(f"{run_path(dag_id, run_id)}/taskInstances", limit=1000)["task_instances"]
        return {(task["task_id"], task["map_index"]): task for task in found}

    def states(self, dag_id, run_id):
        """Task id -> state, with the map index behind the id of a mapped one."""
        tasks = self.tasks(dag_id, run_id).items()
        return {name if index < 0 else f"{name}[{index}]": task["state"] for (name, index), task in tasks}

    def xcom(self, dag_id, run_id, task_id, key="return_value", map_index=-1):
        path = f"{run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}/xcomEntries/{key}"
        query = {"map_index": map_index} if map_index >= 0 else {}
        return self.client.get(path, **query)["value"]

    def log(self, dag_id, run_id, task_id, *, map_index=-1, attempt=1):
        return self.client.log(dag_id, run_id, task_id, map_index=map_index, attempt=attempt)

    def answer(self, dag_id, run_id, task_id, choice, *, map_index=-1):
        """Approve or reject by REST, once the task asks; again if it asks again.

        Airflow 3.3 tries a task once more whose answer comes before its scheduler knows that the worker has gone.
        """
        path = f"{run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}/{map_index}/hitlDetails"

        def has_ended():
            task = self.tasks(dag_id, run_id).get((task_id, map_index))
            state = task and task["state"]
            try:
                waits = state == "awaiting_input" and not self.client.get(path)["response_received"]
                if waits:
                    self.client.patch(path, {"chosen_options": [choice], "params_input": {}})
            except ApiError as error:
                if error.status not in (0, 404, 409):
                    raise
            return state in FINAL

        self.until(has_ended, f"{task_id} to take an answer", patience=300)

    def until(self, condition, what, patience=180):
        until = time.monotonic() + patience
        while time.monotonic() < until:
            try:
                if condition():
                    return
            except ApiError as error:
                if error.status:  # 0: a server that is busy, or has just been killed, answers later
                    raise
            time.sleep(0.3)
        errors = self.import_errors()
        raise AssertionError(f"waited {patience} s in vain for {what}; import errors: {errors}")
