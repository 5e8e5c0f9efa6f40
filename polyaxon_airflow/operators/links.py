"""Buttons on a task: the service that it runs, and the run whose results it took or goes on from."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import BaseOperator
    from airflow.sdk.definitions.context import Context

    from polyaxon_airflow.execution.execution import Execution, Started
    from polyaxon_airflow.execution.task import Ended
    from polyaxon_airflow.store import Run


class _Link(BaseOperatorLink):
    def get_link(self, operator: BaseOperator, *, ti_key: object) -> str:  # noqa: ARG002
        """Called once the task has ended; `show` has said it before, while the task goes on."""
        return str((getattr(operator, "links", None) or {}).get(self.name, ""))


class ServiceLink(_Link):
    """To a service that runs."""

    name = "Service"


class OriginalLink(_Link):
    """To the run that this one's results come from (cache), or that it restarts, copies or resumes."""

    name = "Earlier run"


def links(shown: Mapping[str, str] | None) -> Sequence[BaseOperatorLink]:
    """The links of an operator: all that it may have, until it is known which it has."""
    known = (ServiceLink(), OriginalLink())
    return known if shown is None else [link for link in known if link.name in shown]


def show(context: Context, execution: Execution, started: Ended | Started) -> dict[str, str]:
    """Put up the links of a run that has begun; name -> URL."""
    run = execution.around.store.runs.get(execution.uuid)
    service = getattr(getattr(started, "attempt", None), "service", None)
    found = {ServiceLink.name: service["url"]} if service else {}
    if run is not None and run.original and (original := execution.around.store.runs.get(run.original)):
        found |= {OriginalLink.name: url} if (url := _url(original)) else {}
    for link in links(found):
        context["ti"].xcom_push(key=link.xcom_key, value=found[link.name])
    return found


def _url(run: Run) -> str:
    """The page of a run's task in Airflow; "" for a run that Airflow does not know."""
    from airflow.configuration import conf

    if not (run.dag_id and run.dag_run_id):
        return ""
    base = conf.get("api", "base_url", fallback="/").rstrip("/")
    url = f"{base}/dags/{quote(run.dag_id, safe='')}/runs/{quote(run.dag_run_id, safe='')}"
    if not run.task_id:
        return url
    index = f"/mapped/{run.map_index}" if run.map_index >= 0 else ""
    return f"{url}/tasks/{quote(run.task_id, safe='')}{index}"
