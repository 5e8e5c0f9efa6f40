"""The program git: its commands, and what its complaints mean."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import InitError
from polyaxon_airflow.init.codes import MISSING, PROGRAM, REFUSED, TEMPORARY

if TYPE_CHECKING:
    from pathlib import Path

    from polyaxon_airflow.init.git.access import Access

PAUSES = (0.5, 2.0)  # seconds before each further attempt to reach a host that does not answer

# Parts of git's and ssh's English messages, first match first: the exit code, what they mean, what to do.
MEANINGS = (
    (
        ("Authentication failed", "could not read Username", "could not read Password", "Permission denied",
         "error: 401", "error: 403", "terminal prompts disabled"),
        REFUSED,
        "refuses access",
        "Give the git entry a connection that holds a token (POLYAXON_GIT_CREDENTIALS) or an ssh key",
    ),
    (
        ("Host key verification failed",),
        REFUSED,
        "is not the host that known_hosts names",
        "Put its key in the known_hosts of the ssh connection",
    ),
    (
        ("not found", "does not exist", "does not appear to be a git repository", "error: 404"),
        MISSING,
        "is not there",
        "Check the url; hosts also say so of private repositories to those who may not see them",
    ),
    (("cannot run ssh", "ssh: not found"), PROGRAM, "needs the program ssh", "Use an image that has it"),
    (
        ("Could not resolve host", "Connection refused", "Connection reset", "timed out", "Timeout", "early EOF",
         "Failed to connect", "Couldn't connect", "unable to access", "RPC failed", "hung up unexpectedly",
         "Connection closed", "Temporary failure", "Network is unreachable", "No route to host"),
        TEMPORARY,
        "cannot be reached",
        "Check the url, and the network of the machine or pod",
    ),
)  # fmt: skip


class Git:
    """Git with one repository's access."""

    def __init__(self, access: Access, timeout: float | None = None) -> None:
        """`timeout`: seconds that a command may take; None for as long as it likes."""
        self._access = access
        self._timeout = timeout

    def reach(self, *arguments: str | Path) -> str:
        """A command that speaks with the repository's host; tried again while that does not answer."""
        for pause in PAUSES:
            try:
                return self.do(*arguments)
            except InitError as error:
                if error.code != TEMPORARY:
                    raise
            time.sleep(pause)
        return self.do(*arguments)

    def do(self, *arguments: str | Path) -> str:
        """What a command prints, stripped. Raises InitError, which says what went wrong in one sentence."""
        done = self._run(arguments)
        if done.returncode != 0:
            raise self._error(done.stderr)
        return done.stdout.strip()

    def try_to(self, *arguments: str | Path) -> str | None:
        """What a command prints, or None if it fails."""
        done = self._run(arguments)
        return done.stdout.strip() if done.returncode == 0 else None

    def _run(self, arguments: tuple[str | Path, ...]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ["git", "-c", "advice.detachedHead=false", *map(str, arguments)],  # noqa: S607 - the image's own
                env={**os.environ, **self._access.variables},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="backslashreplace",
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise InitError(
                f"repository {self._access.url} has not answered for {self._timeout:.0f} s", TEMPORARY
            ) from error
        except FileNotFoundError as error:
            raise InitError(
                "git is not installed here. Use an image, or a machine, that has it", PROGRAM
            ) from error

    def _error(self, complaint: str) -> InitError:
        said = self._access.without_secrets(_last_complaint(complaint))
        for signs, code, meaning, advice in MEANINGS:
            if any(sign in complaint for sign in signs):
                return InitError(
                    f"repository {self._access.url} {meaning} (git said: {said}). {advice}", code
                )
        return InitError(f"repository {self._access.url} cannot be checked out (git said: {said})", MISSING)


def _last_complaint(text: str) -> str:
    """The line that says why: git's last `fatal:` or `error:`, and what ssh said before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:", "remote:"))]
    return (telling or lines or ["nothing"])[-1].rstrip(".")
