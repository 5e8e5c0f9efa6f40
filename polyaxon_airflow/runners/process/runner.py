"""`ProcessRunner`: the containers of a pod as local processes that end with their task."""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import math
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from polyaxon_airflow.errors import PermanentRunnerError, TemporaryRunnerError
from polyaxon_airflow.runners.base import MAIN_CONTAINER, Handle, Line, Manifest, Outcome, no_secrets
from polyaxon_airflow.runners.lines import LineSplitter, shown
from polyaxon_airflow.runners.process.environment import (
    base_variables,
    container_variables,
    environment_of,
    expand,
    helper_variables,
    missing_program,
)
from polyaxon_airflow.runners.process.layout import Layout, make_layout
from polyaxon_airflow.runners.process.secrets import FOLDER
from polyaxon_airflow.runtimes import context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polyaxon_airflow.runners.base import Provided, RunIdentity, Settings

GUARDIAN = Path(__file__).with_name("guardian.py")
CHUNK = 65536  # bytes read at once from a container
DRAIN = 5.0  # seconds for the last lines of a run whose guardian has gone


class ProcessRunner:
    """Runs pods as processes of this machine (design D6). One object follows the runs that it submitted."""

    def __init__(
        self, settings: Settings, *, folder: str | None = None, secrets: Provided = no_secrets
    ) -> None:
        """`folder`: working directory of containers that name none, the polyaxonfile's own folder.

        `secrets`: where the items of secrets come from that manifests name.
        """
        self._settings = settings
        self._folder = folder
        self._secrets = secrets
        self._living: dict[str, _Living] = {}

    def check(self, manifest: Manifest) -> None:
        """Raise PermanentRunnerError for what can never run as a local process, saying what to set."""
        if manifest["kind"] != "pod":
            resource = manifest.get("resource", {}).get("kind", "custom resource")
            raise PermanentRunnerError(f"the process runner cannot run a {resource}. Set runner: kubernetes")
        if any(companion.get("kind") != "Service" for companion in manifest.get("companions", ())):
            raise PermanentRunnerError(
                "the process runner runs one of the replicas, not several. Leave replicas out, or run on Kubernetes"
            )
        for container in _containers(manifest["pod"]):
            if not container.get("command"):
                raise PermanentRunnerError(
                    f"container '{container['name']}' has no command; the process runner cannot look into image "
                    f"'{container.get('image')}' for its entrypoint. Write container.command, or run on Kubernetes"
                )

    def submit(self, manifest: Manifest, run: RunIdentity) -> Handle:
        """Start the containers. An earlier attempt that is still ending is waited for, so never two at once.

        Raises PermanentRunnerError if a program is not there, TemporaryRunnerError if the earlier attempt
        does not end.
        """
        self.check(manifest)
        pod = manifest["pod"]
        layout = make_layout(pod, run, self._settings, self._secrets)
        plan = _Plan(pod, run, layout, self._settings, folder=self._folder, secrets=self._secrets)
        lock = _lock(layout.context.parent / "lock", patience=self._settings.grace + 20)
        self._living[run.uuid] = living = plan.start(lock)
        return {
            "runner": "process",
            "uuid": run.uuid,
            "guardian": living.guardian.pid,
            "scratch": str(layout.context.parent),
            "offline_runs": layout.local(f"{context.OFFLINE}/runs"),
        }

    def follow(
        self,
        handle: Handle,
        *,
        on_lines: Callable[[Sequence[Line]], None],
        should_stop: Callable[[], str | None],
        interval: float = 0.5,
    ) -> Outcome:
        """See `Runner.follow`. Only the object that submitted a run can follow it: the run ends with its task."""
        living = self._living.pop(handle["uuid"])
        try:
            return living.follow(on_lines, should_stop, interval, self._settings.grace)
        finally:
            living.end()

    def stop(self, handle: Handle, *, grace: float) -> None:
        """See `Runner.stop`. A run of another task is none of ours and has ended with it."""
        living = self._living.get(handle["uuid"])
        if living is not None:
            living.ask_to_stop(grace)
            living.guardian.wait()

    def clean(self, handle: Handle, *, keep: float = 0) -> None:  # noqa: ARG002 - there is nothing to keep
        """See `Runner.clean`. Processes are gone by then; this removes the run's scratch folder at once."""
        shutil.rmtree(handle["scratch"], ignore_errors=True)


@dataclass
class _Living:
    """A run that goes on: its guardian, and our ends of its pipes."""

    guardian: subprocess.Popen[bytes]
    layout: Layout
    control: int  # write end
    events: int  # read end
    outputs: dict[int, str]  # read end -> container
    order: list[str]  # names of the init containers, then main
    hint: str  # said when main failed and its image stands for nothing here
    codes: dict[str, int] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)  # container -> the last line it printed
    errors: dict[str, str] = field(default_factory=dict)

    def follow(
        self,
        on_lines: Callable[[Sequence[Line]], None],
        should_stop: Callable[[], str | None],
        interval: float,
        grace: float,
    ) -> Outcome:
        buffers = {number: _Lines(name) for number, name in self.outputs.items()}
        facts = _Lines("")
        stopped: str | None = None
        until = math.inf
        with selectors.DefaultSelector() as selector:
            for number in (self.events, *self.outputs):
                selector.register(number, selectors.EVENT_READ)
            while selector.get_map() and time.monotonic() < until:
                lines: list[Line] = []
                for key, _ in selector.select(interval):
                    chunk = os.read(key.fd, CHUNK)
                    if not chunk:
                        selector.unregister(key.fd)
                    if key.fd == self.events:
                        self._learn(facts.feed(chunk))
                        if not chunk:
                            self._end_what_outlived_the_guardian()
                            until = time.monotonic() + DRAIN
                    else:
                        lines += buffers[key.fd].feed(chunk)
                if lines:
                    self.last |= {line.container: line.text for line in lines}
                    on_lines(lines)
                if stopped is None and (stopped := should_stop()) is not None:
                    self.ask_to_stop(grace)
        self.guardian.wait()
        return self._outcome(stopped)

    def ask_to_stop(self, grace: float) -> None:
        try:
            os.write(self.control, f"stop {grace}\n".encode())
        except BrokenPipeError:
            return  # it has ended by itself

    def end(self) -> None:
        for number in (self.control, self.events, *self.outputs):
            os.close(number)
        self.guardian.wait()

    def _end_what_outlived_the_guardian(self) -> None:
        """Nothing does, unless somebody has killed it; its process group is all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.guardian.pid, signal.SIGKILL)

    def _learn(self, facts: Sequence[Line]) -> None:
        for fact in facts:
            container, what, value = fact.text.split(" ", 2)
            if what == "code":
                self.codes[container] = int(value)
            elif what == "error":
                self.errors[container] = value

    def _outcome(self, stopped: str | None) -> Outcome:
        if self.codes.get(MAIN_CONTAINER) == 0:
            return Outcome("succeeded", 0)
        if stopped is not None:
            return Outcome("stopped", self.codes.get(MAIN_CONTAINER), stopped)
        for name in self.order:
            if name in self.errors:
                return Outcome(
                    "failed",
                    127,
                    f"container '{name}' could not start: {self.errors[name]}{self.hint}",
                    retriable=False,
                )
            if self.codes.get(name) != 0:
                return self._failure(name, self.codes.get(name))
        return Outcome("failed", None, "the run ended without an exit code of its main container")

    def _failure(self, name: str, code: int | None) -> Outcome:
        what = "the main container" if name == MAIN_CONTAINER else f"container '{name}'"
        if code is None:
            return Outcome(
                "failed", None, f"{what} vanished without an exit code; its guardian process was killed"
            )
        if code < 0:
            memory = ", which the kernel does when memory runs out" if -code == signal.SIGKILL else ""
            return Outcome("failed", 128 - code, f"{what} was killed by {signal.Signals(-code).name}{memory}")
        if name == MAIN_CONTAINER:
            return Outcome("failed", code, f"{what} exited with code {code}{self.hint}")
        said = f"; it said: {self.last[name]}" if self.last.get(name) else ""
        return Outcome("failed", code, f"{what} exited with code {code}{said}")


class _Plan:
    """From a pod to the guardian's plan. Making one opens nothing, so whatever is wrong with it costs nothing."""

    def __init__(
        self,
        pod: Mapping[str, Any],
        run: RunIdentity,
        layout: Layout,
        settings: Settings,
        *,
        folder: str | None,
        secrets: Provided,
    ) -> None:
        self._pod, self._run, self._layout, self._settings, self._folder = pod, run, layout, settings, folder
        self._secrets = secrets
        spec = pod["spec"]
        self._init = [self._container(c) for c in spec.get("initContainers") or ()]
        self._main, *self._sidecars = [self._container(c) for c in spec["containers"]]

    def start(self, lock: IO[bytes]) -> _Living:
        """Start the guardian, which takes over the lock."""
        containers = [*self._init, self._main, *self._sidecars]
        control, control_write = os.pipe()
        events, events_write = os.pipe()
        outputs = {}
        for container in containers:
            read, container["output"] = os.pipe()
            outputs[read] = container["name"]
        theirs = [control, events_write, *(c["output"] for c in containers)]
        # It keeps our read ends too: if this task is killed, a container that prints while it cleans up
        # must not die of SIGPIPE.
        keep = [lock.fileno(), events, *outputs]
        plan = {
            "init": self._init,
            "main": self._main,
            "sidecars": self._sidecars,
            "grace": self._settings.grace,
            "control": control,
            "events": events_write,
            "keep": keep,
            "discard": [str(self._layout.context.parent / FOLDER)],
        }
        guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARDIAN)],
            stdin=subprocess.PIPE,
            pass_fds=[*theirs, *keep],
            start_new_session=True,
            env={},
        )
        assert guardian.stdin is not None  # noqa: S101 - it is a pipe
        with guardian.stdin as stdin:
            stdin.write(marshal.dumps(plan))
        for number in theirs:
            os.close(number)
        lock.close()
        order = [*(c["name"] for c in self._init), MAIN_CONTAINER]
        return _Living(guardian, self._layout, control_write, events, outputs, order, self._hint())

    def _container(self, container: Mapping[str, Any]) -> dict[str, Any]:
        words = [*(container.get("command") or ()), *(container.get("args") or ())]
        helper = helper_variables(words)
        environment = None if helper else environment_of(container.get("image"), self._settings.environments)
        variables = {
            **base_variables(environment),
            **container_variables(container, self._run, self._secrets),
        }
        variables = {name: self._layout.local(value) for name, value in variables.items()}
        if helper:
            words[0] = sys.executable
            variables |= helper
        argv = [self._layout.local(expand(str(word), variables)) for word in words]
        if why := missing_program(argv[0], container.get("image"), environment, variables.get("PATH")):
            raise PermanentRunnerError(f"container '{container['name']}' cannot start: {why}")
        cwd = self._working_directory(container)
        return {"name": container["name"], "argv": argv, "env": variables, "cwd": cwd}

    def _working_directory(self, container: Mapping[str, Any]) -> str:
        if not container.get("workingDir"):
            return self._folder or str(self._layout.context)
        folder = Path(self._layout.local(container["workingDir"]))
        if folder.is_relative_to(self._layout.context.parent):
            folder.mkdir(parents=True, exist_ok=True)  # as a container engine does
        return str(folder)

    def _hint(self) -> str:
        image = self._pod["spec"]["containers"][0].get("image")
        if environment_of(image, self._settings.environments) is not None or image is None:
            return ""
        return (
            f". Image '{image}' ran in the worker's own environment; "
            "map it to a virtual environment in [polyaxon] process_environments"
        )


class _Lines:
    """What one container prints, in any pieces, to whole lines."""

    def __init__(self, container: str) -> None:
        self._container = container
        self._split = LineSplitter()

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that are complete now; an empty chunk ends the stream and its last line."""
        return [Line(self._container, shown(line)) for line in self._split.feed(chunk)]


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]


def _lock(path: Path, *, patience: float) -> IO[bytes]:
    """An exclusive lock that lasts as long as any process holds the file open."""
    file = path.open("wb")
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                file.close()
                raise TemporaryRunnerError(
                    f"an earlier attempt of this run has not ended within {patience:.0f} s; "
                    f"its guardian holds {path}"
                ) from None
            time.sleep(0.1)
        else:
            return file
