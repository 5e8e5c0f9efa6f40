"""Airflow's REST API v2 with nothing but the standard library: `import airflow` takes seconds."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from polyaxon_airflow.errors import PolyaxonAirflowError


class ApiError(PolyaxonAirflowError):
    """Airflow answered with an error, or did not answer (`status` 0)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}" if status else detail)
        self.status = status
        self.detail = detail


class AirflowClient:
    """One Airflow, seen as one user.

        client = AirflowClient("http://127.0.0.1:8080", user="admin", password="...")
        client.post("/dags/train/dagRuns", {"logical_date": None, "conf": {"lr": 0.1}})

    Paths are relative to /api/v2. All calls raise ApiError.
    """

    def __init__(
        self, url: str, *, user: str = "", password: str = "", token: str = "", timeout: float = 30
    ) -> None:
        self.url = url.rstrip("/")
        self._user, self._password, self._token = user, password, token
        self._timeout = timeout  # seconds

    def get(self, path: str, **query: Any) -> Any:
        """GET; `None` in the query is left out, lists repeat their name."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", f"{path}?{urlencode(given, doseq=True)}" if given else path)

    def post(self, path: str, body: Any) -> Any:
        return self._call("POST", path, body)

    def patch(self, path: str, body: Any, **query: Any) -> Any:
        return self._call("PATCH", f"{path}?{urlencode(query)}" if query else path, body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None, **more: Any) -> str:
        """Start a run of a DAG now; returns its run id."""
        body = {"logical_date": None, "conf": conf or {}, **more}
        run_id: str = self.post(f"/dags/{quote(dag_id, safe='')}/dagRuns", body)["dag_run_id"]
        return run_id

    def log(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, attempt: int = 1) -> str:
        """A task's log as text, one event a line."""
        path = f"{run_path(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}/logs/{attempt}"
        content = self.get(path, map_index=map_index, full_content="true")["content"]
        return "\n".join(_event(event) for event in content)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        if not self._token and self._user:
            self._token = self._log_in()
        return self._send(method, f"/api/v2{path}", body)

    def _log_in(self) -> str:
        credentials = {"username": self._user, "password": self._password}
        token: str = self._send("POST", "/auth/token", credentials)["access_token"]
        return token

    def _send(self, method: str, path: str, body: Any) -> Any:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = Request(self.url + path, data=data, headers=headers, method=method)  # noqa: S310 - the user's URL
        try:
            with urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
                text = answer.read()
        except HTTPError as error:
            raise ApiError(error.code, _detail(error.read())) from error
        except (URLError, OSError) as error:
            raise ApiError(0, f"no answer from {self.url}: {getattr(error, 'reason', error)}") from error
        return json.loads(text) if text else None


def run_path(dag_id: str, run_id: str) -> str:
    """The path of a DAG run below /api/v2."""
    return f"/dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"


def _detail(text: bytes) -> str:
    try:
        detail = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        return text.decode(errors="replace")[:500]
    if isinstance(detail, list):  # FastAPI's validation errors
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in detail)
    return str(detail)


def _event(event: Any) -> str:
    return str(event.get("event", event)) if isinstance(event, dict) else str(event)
