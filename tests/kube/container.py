"""One container as a local process: its own mounts, process ids and host name, and a log file like a kubelet's.

A container sees a copy-on-write view of this machine's files with its volumes mounted. Its own process ids
are not a luxury: what runs in a container may signal whatever it finds (`kill $(pgrep sh)`).
Needs Linux and util-linux (`unshare`, `setpriv`), and root or unprivileged user namespaces.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from tests.kube.rootfs import script

START_ERROR = 128
LONGEST_LINE = 1 << 16  # bytes; the rest of a longer line becomes an entry of its own, as in a real kubelet


class Container:
    """A container of a pod: `state` is what its status reports, `log` the file of its current process."""

    def __init__(self, spec, folder, *, init=False):
        self.spec = spec
        self.name = spec["name"]
        self.init = init
        self.sidecar = init and spec.get("restartPolicy") == "Always"
        self.state = {"waiting": {"reason": "PodInitializing"}}
        self.last_state = {}
        self.restarts = 0
        self.log = None
        self.exited = True  # of the process; the reported state may lag behind
        self.over = asyncio.Event()  # it will not run again
        self.started = asyncio.Event()
        self._folder = folder
        self._process = None
        self._stopped = False
        self._pid = None  # of the container's process 1, seen from here

    @property
    def exit_code(self):
        return self.state.get("terminated", {}).get("exitCode")

    def wait_for(self, reason, message=""):
        self.state = {"waiting": {"reason": reason, "message": message}}

    def restart_later(self, seconds):
        self.last_state, self.restarts = self.state, self.restarts + 1
        message = f"back-off {seconds}s restarting failed container={self.name}"
        self.wait_for("CrashLoopBackOff", message)

    def abandon(self):
        """The pod gives up before the container is allowed to start again."""
        if "terminated" in self.last_state:
            self.state = self.last_state
        self.over.set()

    async def run(self, command, environment, sandbox, on_start):
        """Start the process and wait for its end; gives the terminated state, which is not yet reported."""
        folder = self._folder / self.name
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{self.restarts}.log"
        self.log.touch()
        message = folder / "termination-log"
        message.write_text("")
        started = moment()
        if not command:
            return _terminated(START_ERROR, started, "no command specified", reason="StartError")
        async with self._process_of(script(self.spec, folder, command, message, sandbox), environment):
            self.state = {"running": {"startedAt": started}}
            self.started.set()
            await on_start()
            code = await self._process.wait()
        text = message.read_text(errors="replace")[-4096:]
        if not text and code and self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            text = "".join(
                line.split(" ", 3)[3] for line in self.log.read_text(errors="replace").splitlines(True)[-80:]
            )
        return _terminated(128 - code if code < 0 else code, started, text)

    async def up(self):
        """Wait until the container has started: its process runs and its startup probe, a command, has succeeded."""
        await self.started.wait()
        probe = self.spec.get("startupProbe", {})
        while probe and not self.over.is_set():
            if self._pid and await self._do(probe["exec"]["command"]) == 0:
                return
            await asyncio.sleep(probe.get("periodSeconds", 10) / 10)  # the tests' clock runs faster

    async def _do(self, command):
        """The exit code of a command inside the running container."""
        enter = ["nsenter", "--target", str(self._pid), "--mount", "--pid", "--root", "--wd=/"]
        if os.geteuid():
            enter += ["--user", "--preserve-credentials"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = await asyncio.create_subprocess_exec(*enter, "--", *command, **quiet)
        return await process.wait()

    async def stop(self, grace):
        """SIGTERM, and SIGKILL after `grace` seconds; a process that is being started is killed once it is there."""
        self._stopped = True
        if self._pid and grace:
            self._signal(signal.SIGTERM)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace)
        self._signal(signal.SIGKILL)

    @asynccontextmanager
    async def _process_of(self, lines, environment):
        """The process while the block lasts; its log is whole and nothing of it is left when the block ends."""
        self.exited, pump = False, None
        unshare = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child=SIGKILL"]
        if os.geteuid():
            unshare += ["--user", "--map-root-user"]
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *unshare,
                *("--", "/bin/sh", "-c", lines),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # for both of the container's streams, so that their order is kept
                stderr=subprocess.DEVNULL,  # what unshare itself says
                start_new_session=True,
                limit=LONGEST_LINE,
            )
        )
        try:
            self._process = await asyncio.shield(starting)
            pump = asyncio.create_task(self._write_log(self._process.stdout))
            await self._find_pid()
            if self._stopped:
                self._signal(signal.SIGKILL)
            yield
        finally:
            self._process = await starting
            self._kill_all()
            await (pump or self._process.stdout.read())
            await self._process.wait()
            self._pid = None
            self.exited = True

    def _kill_all(self):
        """The group, not `unshare` alone: a child that it has just forked may not yet end with it."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _find_pid(self):
        for _ in range(1000):
            self._pid = _first_child(self._process.pid)
            if self._pid or self._process.returncode is not None:
                break
            await asyncio.sleep(0.005)

    async def _write_log(self, stream):
        """Write the stream's lines to the log: time, stream, F(ull) or P(artial), text."""
        with self.log.open("ab", buffering=0) as log:
            while line := await _read_line(stream):
                full = b"F" if line.endswith(b"\n") else b"P"
                log.write(
                    b" ".join((moment(nanoseconds=True).encode(), b"stdout", full, line.rstrip(b"\n")))
                    + b"\n"
                )

    def _signal(self, number):
        with suppress(ProcessLookupError):
            if self._pid:
                os.kill(self._pid, number)


def moment(seconds=None, *, nanoseconds=False):
    """A time as Kubernetes writes it; now, if none is given."""
    seconds = time.time() if seconds is None else seconds
    whole = datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{int(seconds % 1 * 1e9):09d}Z" if nanoseconds else f"{whole}Z"


def _first_child(pid):
    with suppress(OSError):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(found[0]) if found else None


async def _read_line(stream):
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError:
        return await stream.read(LONGEST_LINE)


def _terminated(code, started, message, reason=None):
    ended = {"exitCode": code, "reason": reason or ("Error" if code else "Completed"), "startedAt": started}
    return {"terminated": {**ended, "finishedAt": moment(), **({"message": message} if message else {})}}
