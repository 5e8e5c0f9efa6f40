"""A whole Airflow on one machine with nothing but Python: SQLite, LocalExecutor, local processes.

For a laptop, for `make demo` and for tests; a team runs Airflow as it does today, with this package installed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.rest import AirflowClient, ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from typing_extensions import Self

COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
USER = "admin"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
# For `sqlite3.connect`, seconds: a component that SQLite keeps waiting for longer ends, and Python's own 5 s are soon over.
SQLITE_ARGUMENTS = {"timeout": 60}
SQLITE = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": f"{__name__}.SQLITE_ARGUMENTS",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS_ASYNC": f"{__name__}.SQLITE_ARGUMENTS",
}
SMALL_BOX = {  # docs/operations.md says what each was measured to be worth
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "AIRFLOW__CORE__PARALLELISM": str(max(4, 2 * (os.cpu_count() or 2))),
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "64",
    "AIRFLOW__CORE__MAX_MAP_LENGTH": "8192",
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "120",
    "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "180",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
    "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "5",  # with the next: how soon a deleted file's DAG is gone
    "AIRFLOW__SCHEDULER__PARSING_CLEANUP_INTERVAL": "5",
    "AIRFLOW__API__WORKERS": "1",
}


class EmbeddedAirflow:
    """An Airflow of our own: its processes live and end with it.

    with EmbeddedAirflow(home, dags) as airflow:
        airflow.client().trigger("train")
    """

    def __init__(
        self, home: Path, dags: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        """`home`: AIRFLOW_HOME, kept between starts. `settings`: environment variables that win over ours."""
        self.home, self.dags = home.absolute(), dags.absolute()
        self._port = port or free_port()
        self._more = dict(settings or {})
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._killed: list[subprocess.Popen[bytes]] = []  # components of which tasks still run

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def password(self) -> str:
        """The admin's password, made once for a home."""
        return self._kept()["password"]

    def client(self) -> AirflowClient:
        return AirflowClient(self.url, user=USER, password=self.password)

    def environment(self) -> dict[str, str]:
        """Environment variables under which `airflow ...` speaks to this Airflow."""
        kept = self._kept()
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")},
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__FERNET_KEY": kept["fernet_key"],
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db",
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(self.home / "bundles"),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self._port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": kept["secret_key"],
            "AIRFLOW__API_AUTH__JWT_SECRET": kept["jwt_secret"],
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(kept["worker_log_port"]),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(kept["trigger_log_port"]),
            **SMALL_BOX,
            **self._more,
        }
        if variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("sqlite:"):
            variables = {**SQLITE, **variables}
        variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables.get('PATH', os.defpath)}"
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # it triples the import time of every component
        return variables

    def start(self, *, patience: float = 240, say: Callable[[str], None] = lambda _: None) -> None:
        """Make the database, start the four components, wait until each is healthy.

        Raises PolyaxonAirflowError with the end of the log of a component that does not come up.
        """
        say("migrating the database")
        self._run("db", "migrate")
        (self.home / "url").write_text(self.url)  # for commands that are given --home
        for component in COMPONENTS:
            self.start_component(component)
        say(f"waiting for {', '.join(COMPONENTS)}")
        self._wait_until_healthy(patience)

    def start_component(self, component: str) -> None:
        """Start one component; also after it was killed, when it ends what that left behind.

        Tasks of a scheduler that was killed go on: Airflow takes their results, or starts them again.
        """
        if component in self._processes:
            self._bury(self._processes[component])
        with (self.home / f"{component}.log").open("ab") as log:
            self._processes[component] = subprocess.Popen(
                [sys.executable, "-m", "airflow", component],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it takes no lock that a thread could hold
            )

    def pid(self, component: str) -> int:
        return self._processes[component].pid

    def stop(self, *, grace: float = 20) -> None:
        """End every component with everything that it started."""
        for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
            until = time.monotonic() + patience
            started = [*self._processes.values(), *self._killed]
            for process in started:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            while any(map(_group_lives, started)) and time.monotonic() < until:
                time.sleep(0.1)
        self._processes.clear()
        self._killed.clear()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _bury(self, component: subprocess.Popen[bytes]) -> None:
        """Wait for the end of a component, then end its idle processes; those that are not are ended with the rest."""
        component.wait()
        for pid in idle_orphans(component.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._killed = [process for process in (*self._killed, component) if _group_lives(process)]

    def _run(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *words],
            env=self.environment(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            text = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
            raise PolyaxonAirflowError(f"airflow {' '.join(words)} failed:\n{text}")

    def _wait_until_healthy(self, patience: float) -> None:
        client, until, missing = AirflowClient(self.url), time.monotonic() + patience, "the API server"
        woken = False
        while time.monotonic() < until:
            for component, process in self._processes.items():
                if process.poll() is not None:
                    raise PolyaxonAirflowError(f"airflow {component} ended:\n{self._tail(component)}")
            try:
                health = client.get("/monitor/health")
            except ApiError:
                health = None
            if health is not None:
                woken = woken or self._wake_execution_api()
                parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
                unhealthy = [part for part in parts if health[part]["status"] != "healthy"]
                if not unhealthy:
                    return
                missing = ", ".join(unhealthy)
            time.sleep(0.5)
        raise PolyaxonAirflowError(f"not healthy after {patience:.0f} s: {missing}; logs are in {self.home}")

    def _wake_execution_api(self) -> bool:
        """Airflow builds it at its first request: else the first task waits for that, 3 s of CPU."""
        with contextlib.suppress(OSError), urlopen(f"{self.url}/execution/health", timeout=60):  # noqa: S310 - our own
            pass
        return True

    def _tail(self, component: str) -> str:
        return (self.home / f"{component}.log").read_text(errors="replace")[-3000:]

    def _kept(self) -> dict[str, str]:
        """Secrets and ports of this home, made at the first start."""
        file = self.home / "embedded.json"
        if not file.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            kept = {
                "password": secrets.token_urlsafe(9),
                "fernet_key": _fernet_key(),
                "secret_key": secrets.token_urlsafe(24),
                "jwt_secret": secrets.token_urlsafe(48),
                "worker_log_port": str(free_port()),
                "trigger_log_port": str(free_port()),
            }
            file.touch(mode=0o600)
            file.write_text(json.dumps(kept))
            (self.home / "passwords.json").write_text(json.dumps({USER: kept["password"]}))
        found: dict[str, str] = json.loads(file.read_text())
        return found


def _end_with_parent() -> None:
    """Called in a new process: Linux sends it SIGTERM when this one is gone, were it killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def environment_settings(folder: Path) -> dict[str, str]:
    """Settings under which an image named as a virtual environment of `folder` stands for it."""
    found = {
        entry.name: str(entry.absolute()) for entry in sorted(folder.glob("*")) if (entry / "bin").is_dir()
    }
    return {"AIRFLOW__POLYAXON__PROCESS_ENVIRONMENTS": json.dumps(found)}


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def idle_orphans(group: int) -> list[int]:
    """What the dead leader of a process group has started that has nothing under it: idle workers, servers of logs.

    A worker that runs a task has it as its child. Empty where there is no /proc (macOS).
    """
    parents: dict[int, int] = {}
    members: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            _state, parent, its_group, *_ = entry.read_text().rpartition(")")[2].split()
            parents[int(entry.parent.name)] = int(parent)
            members |= {int(entry.parent.name)} if int(its_group) == group else set()
    return sorted(pid for pid in members - set(parents.values()) if parents[pid] not in members)


def _fernet_key() -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _group_lives(leader: subprocess.Popen[bytes]) -> bool:
    leader.poll()
    try:
        os.killpg(leader.pid, 0)
    except ProcessLookupError:
        return False
    return True
