"""A small parent process for the containers of one run. It imports next to nothing, for every run waits for it to start:
json, pathlib, selectors, shutil and typing would take twice as long as Python itself; ctypes, and signal with its enums,
as long again, so what they are made of is taken instead.

The task, the same Python, starts it with a plan on standard input (marshal) and holds the write end of a control pipe. While the pipe
is open the run goes on; a line `stop SECONDS` asks for its end; when the pipe closes, for whatever reason the
task died, the run ends too. Nothing that the containers started survives the guardian: it is their subreaper
and kills every descendant before it leaves.

    plan     {"init": [CONTAINER], "main": CONTAINER, "sidecars": [CONTAINER], "grace": seconds,
              "control": fd, "events": fd, "keep": [fd], "discard": [path]}   `keep`: held open as long as the
              guardian lives; `discard`: folders that are removed with it
    CONTAINER  {"name", "argv", "env", "cwd", "output": fd}
    events   lines `CONTAINER pid NUMBER` when it started, `CONTAINER code NUMBER` when it ended, `CONTAINER error TEXT`
             when it could not start
"""

from __future__ import annotations

import _ctypes
import marshal
import os
import select
import sys
import time

TYPE_CHECKING = False  # of typing, which is not imported
if TYPE_CHECKING:
    import signal
    from typing import Any
else:
    import _signal as signal

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        libc = _ctypes.dlopen(None, 0)  # type: ignore[arg-type] # None: this process, which has it
        _ctypes.call_function(_ctypes.dlsym(libc, "prctl"), (option, value, 0, 0, 0))


def die_with_guardian(guardian: int) -> None:
    """In a child, between fork and exec: restore what the guardian changed, and end when it ends."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guardian:
        os._exit(1)  # it died before the request above
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def wakeup_on_signals() -> int:
    """A file descriptor that becomes readable when a child ends. Signals themselves decide nothing here."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return read


class Guardian:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        for number in descriptors(plan):
            os.set_inheritable(number, False)  # a container gets its output and nothing else
        self.running: dict[int, str] = {}  # pid -> container name
        self.codes: dict[str, int] = {}  # container name -> exit code, negative for a signal
        self.kill_at: float | None = None  # when SIGKILL is due, once a stop was asked for
        self.wakeups = wakeup_on_signals()
        self.poll = select.poll()
        for number in (plan["control"], self.wakeups):
            self.poll.register(number, select.POLLIN)

    def run(self) -> None:
        for container in self.plan["init"]:
            if not self.start(container) or self.wait_for([container["name"]])[0] != 0:
                return
        if self.kill_at is not None:
            return
        sidecars = [c for c in self.plan["sidecars"] if self.start(c)]
        main = self.plan["main"]
        if self.start(main):
            self.wait_for([main["name"]])
        self.end([c["name"] for c in sidecars])

    def start(self, container: dict[str, Any]) -> bool:
        name = container["name"]
        guardian = os.getpid()
        read, write = os.pipe()  # close-on-exec: carries the error of a failed exec
        pid = os.fork()
        if pid == 0:
            try:
                die_with_guardian(guardian)
                null = os.open(os.devnull, os.O_RDONLY)
                os.dup2(null, 0)
                os.dup2(container["output"], 1)
                os.dup2(container["output"], 2)
                os.chdir(container["cwd"])
                os.execvpe(container["argv"][0], container["argv"], container["env"])  # noqa: S606 - no shell of ours
            except OSError as error:
                os.write(write, str(error).encode())
            os._exit(127)
        os.close(write)
        os.close(container["output"])
        why = b"".join(iter(lambda: os.read(read, 4096), b""))
        os.close(read)
        if why:
            os.waitpid(pid, 0)
            self.codes[name] = 127
            self.tell(name, "error", why.decode(errors="backslashreplace"))
            return False
        self.running[pid] = name
        self.tell(name, "pid", pid)
        return True

    def wait_for(self, names: list[str]) -> list[int]:
        self.reap()
        while not all(name in self.codes for name in names):
            self.listen()
            self.reap()
            if self.kill_at is not None and time.monotonic() >= self.kill_at:
                self.signal_all(signal.SIGKILL)
        return [self.codes[name] for name in names]

    def end(self, names: list[str]) -> None:
        """The main container is done: its sidecars get the grace period too."""
        if self.kill_at is None:
            self.begin_stop(self.plan["grace"])
        self.wait_for(names)

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = self.running.pop(pid, None)
            if name is not None:
                self.codes[name] = os.waitstatus_to_exitcode(status)
                self.tell(name, "code", self.codes[name])

    def listen(self) -> None:
        patience = None if self.kill_at is None else 1000 * max(0.05, self.kill_at - time.monotonic())
        for number, _ in self.poll.poll(patience):
            said = os.read(number, 4096)
            if number == self.wakeups:
                continue
            if said:
                self.begin_stop(float(said.split()[-1]))
            else:
                self.poll.unregister(number)
                self.begin_stop(self.plan["grace"])

    def begin_stop(self, grace: float) -> None:
        due = time.monotonic() + grace
        if self.kill_at is None:
            self.signal_all(signal.SIGTERM)
        self.kill_at = due if self.kill_at is None else min(due, self.kill_at)

    def signal_all(self, number: int) -> None:
        for pid in descendants(os.getpid()) or list(self.running):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def leave_nothing(self) -> None:
        """SIGKILL to whatever a container left behind, until there is nothing."""
        while True:
            self.signal_all(signal.SIGKILL)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    continue
            except ChildProcessError:
                return
            time.sleep(0.005)  # a killed process takes a moment to become a zombie

    def tell(self, container: str, what: str, value: int | str) -> None:
        try:
            os.write(self.plan["events"], f"{container} {what} {value}\n".encode())
        except BrokenPipeError:
            return  # the task is gone; the control pipe says so too


def descriptors(plan: dict[str, Any]) -> list[int]:
    containers = [*plan["init"], plan["main"], *plan["sidecars"]]
    return [plan["control"], plan["events"], *plan["keep"], *(c["output"] for c in containers)]


def descendants(root: int) -> list[int]:
    """Process ids below `root`, from /proc; empty where there is none (macOS)."""
    children: dict[int, list[int]] = {}
    for pid in processes():
        try:
            with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - pathlib is not imported
                parent = int(stat.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it has just ended
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    level = [root]
    while level:
        level = [child for parent in level for child in children.get(parent, ())]
        found += level
    return found


def processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - as above
    except FileNotFoundError:
        return []


def remove(folder: str) -> None:
    if os.path.isdir(folder):  # noqa: PTH112 - as above
        import shutil  # only a run with secrets has something to remove

        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    plan = marshal.load(sys.stdin.buffer)  # noqa: S302 - our parent has written it
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    guardian = Guardian(plan)
    try:
        guardian.run()
    finally:
        guardian.leave_nothing()
        for folder in plan["discard"]:
            remove(folder)


if __name__ == "__main__":
    main()
