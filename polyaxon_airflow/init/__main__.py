"""`python -m polyaxon_airflow.init KIND OPTIONS...`: one init step, inside its container.

Prints one line on success. On failure it prints one sentence on standard error and exits with a code of `codes`.
`options` says how OPTIONS are written. What it needs besides them, such as credentials, it takes from the environment.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import (
    FilesError,
    ForbiddenPathError,
    InitError,
    MissingFilesError,
    UnreachableFilesError,
)
from polyaxon_airflow.init import codes
from polyaxon_airflow.init.options import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("artifacts", "file", "git", "restore", "tensorboard")


def main(arguments: Sequence[str]) -> int:
    """Run one step; the exit code."""
    kind, pieces = (arguments[0] if arguments else ""), arguments[1:]
    if kind not in KINDS:
        print(f"unknown kind of init step '{kind}'; known: {', '.join(KINDS)}", file=sys.stderr)  # noqa: T201
        return codes.USAGE
    try:
        print(f"{kind}: {import_module(f'polyaxon_airflow.init.{kind}').run(decode(pieces))}", flush=True)  # noqa: T201
    except (InitError, FilesError, OSError) as error:
        print(f"{kind}: {error}", file=sys.stderr)  # noqa: T201
        return exit_code(error)
    return 0


def exit_code(error: InitError | FilesError | OSError) -> int:
    """What a step exits with when it fails so."""
    if isinstance(error, InitError):
        return error.code
    by_type = {
        ForbiddenPathError: codes.USAGE,
        MissingFilesError: codes.MISSING,
        UnreachableFilesError: codes.TEMPORARY,
    }
    return next((code for kind, code in by_type.items() if isinstance(error, kind)), codes.TARGET)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
