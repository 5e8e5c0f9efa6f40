"""Start an Airflow, run the example polyaxonfiles on it, print what came out."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from polyaxon_airflow.cli.up import add_arguments as add_up_arguments
from polyaxon_airflow.embedded import EmbeddedAirflow, environment_settings
from polyaxon_airflow.rest import AirflowClient, ApiError, run_path
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

RUNS: dict[str, dict[str, Any]] = {
    "greet": {"who": "Airflow", "times": 3, "tone": "loud"},
    "compare": {"epochs": 5},
    "search": {"epochs": 8},
}
PATIENCE = 600.0  # seconds for all runs together
FINAL = ("success", "failed", "skipped", "upstream_failed", "removed")


class Progress(NamedTuple):
    """A DAG run as it stands."""

    dag_id: str
    state: str
    done: int
    total: int
    running: int

    def __str__(self) -> str:
        width = 24
        filled = width * self.done // max(self.total, 1)
        bar = "#" * filled + "." * (width - filled)
        running = f", {self.running} running" if self.running else ""
        return f"  {self.dag_id:<10} [{bar}] {self.done}/{self.total} tasks {self.state}{running}"


def add_arguments(parser: ArgumentParser) -> None:
    """As `up`."""
    add_up_arguments(parser)


def run(args: Namespace) -> int:
    """Exit 0 if every run succeeded."""
    airflow = EmbeddedAirflow(
        args.home, args.dags, port=args.port, settings=environment_settings(args.environments)
    )
    try:
        airflow.start(say=_say)
        client = airflow.client()
        _wait_for_dags(client)
        runs = {dag_id: client.trigger(dag_id, conf) for dag_id, conf in RUNS.items()}
        _say(f"triggered {', '.join(runs)} through the REST API of {airflow.url}")
        followed = follow(client, runs)
        _show_results(client, runs)
    finally:
        airflow.stop()
    failed = [progress.dag_id for progress in followed if progress.state != "success"]
    if failed:
        _say(f"not successful: {', '.join(failed)}; logs are in {airflow.home}/logs")
    return 1 if failed else 0


def follow(client: AirflowClient, runs: dict[str, str], *, patience: float = PATIENCE) -> list[Progress]:
    """Draw the progress of DAG runs until all have ended or patience has; the last picture."""
    until, drawn = time.monotonic() + patience, 0
    before: list[Progress] = []
    while True:
        now = [progress(client, dag_id, run_id) for dag_id, run_id in runs.items()]
        if now != before:
            drawn = _draw(now, drawn)
        if all(p.state in ("success", "failed") for p in now) or time.monotonic() > until:
            return now
        before = now
        time.sleep(0.5)


def progress(client: AirflowClient, dag_id: str, run_id: str) -> Progress:
    """How far a DAG run is."""
    state = client.get(run_path(dag_id, run_id))["state"]
    tasks = client.get(f"{run_path(dag_id, run_id)}/taskInstances", limit=1000)["task_instances"]
    states = [task["state"] for task in tasks]
    done, running = sum(s in FINAL for s in states), states.count("running")
    return Progress(dag_id, state, done, len(states), running)


def xcom(client: AirflowClient, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
    """What a task has returned."""
    path = f"{run_path(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}/xcomEntries/{key}"
    return client.get(path, deserialize="false", stringify="false")["value"]


def _wait_for_dags(client: AirflowClient) -> None:
    _say("waiting for the polyaxonfiles to appear as DAGs")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if set(RUNS) <= {dag["dag_id"] for dag in client.get("/dags", limit=200)["dags"]}:
            return
        time.sleep(0.5)
    errors = client.get("/importErrors")["import_errors"]
    raise SystemExit(
        "\n".join(f"{e['filename']}: {e['stack_trace']}" for e in errors) or "no DAGs after 120 s"
    )


def _show_results(client: AirflowClient, runs: dict[str, str]) -> None:
    shown = (("greet", "greet"), ("compare", "report"), ("search", "search.best"))
    for dag_id, task_id in shown:
        try:
            value = xcom(client, dag_id, runs[dag_id], task_id)
        except ApiError as error:
            _say(f"{dag_id}: no result ({error})")
            continue
        if task_id.endswith(".best"):
            print(f"\n  {dag_id}: the leaderboard\n")
            print(leaderboard(value["trials"]))
        else:
            _say(f"{dag_id}: {value}")


def leaderboard(trials: Sequence[dict[str, Any]]) -> str:
    """Trials as a table, as they are ranked."""
    names = list(trials[0]["params"]) if trials else []
    head = ["", "trial", *names, "value", "state", "reason"]
    rows = [
        [place, t["index"], *(t["params"].get(n) for n in names), t["value"], t["state"], t["reason"]]
        for place, t in enumerate(trials, 1)
    ]
    return table(head, rows)


def _draw(now: Sequence[Progress], drawn: int) -> int:
    if sys.stdout.isatty() and drawn:
        print(f"\033[{drawn}A", end="")
    for line in now:
        print(f"\033[K{line}" if sys.stdout.isatty() else str(line), flush=True)
    return len(now)


def _say(text: str) -> None:
    print(f"  {text}", flush=True)
