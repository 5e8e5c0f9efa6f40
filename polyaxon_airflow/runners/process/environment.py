"""What an image means for local processes: a Python environment, and the variables a container sees."""

from __future__ import annotations

import os
import re
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polyaxon_airflow
from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import no_secrets
from polyaxon_airflow.runners.process.layout import downward
from polyaxon_airflow.runners.process.secrets import item, items_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyaxon_airflow.runners.base import Provided, RunIdentity

# The worker's own variables hold Airflow's secrets; a container sees only these of them.
INHERITED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


def environment_of(image: str | None, environments: Mapping[str, str]) -> Path | None:
    """The virtual environment that stands for an image: the first pattern that matches, in the order given.

    Patterns are shell patterns over the whole image name: `python:3.*`, `*/train:*`, `*`.
    """
    for pattern, folder in environments.items():
        if image is not None and fnmatch(image, pattern):
            return Path(folder).expanduser()
    return None


def base_variables(environment: Path | None) -> dict[str, str]:
    """What every container sees, before its own `env`."""
    variables = {name: os.environ[name] for name in INHERITED if name in os.environ}
    variables["PYTHONUNBUFFERED"] = "1"  # else prints arrive in blocks, long after the step that they report
    if environment is not None:
        variables["VIRTUAL_ENV"] = str(environment)
        variables["PATH"] = f"{environment / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
    return variables


def helper_variables(words: Sequence[str]) -> dict[str, str] | None:
    """What a step of this package needs to run in this very interpreter; None for a command of another kind.

    Such a command is `python -m polyaxon_airflow...`, and its image stands for this package.
    """
    if len(words) < 3 or words[1] != "-m" or not words[2].startswith("polyaxon_airflow."):
        return None
    # SAFEPATH: nothing in the working directory may stand in for a module.
    return {"PYTHONPATH": str(Path(polyaxon_airflow.__file__).parents[1]), "PYTHONSAFEPATH": "1"}


def container_variables(
    container: Mapping[str, Any], run: RunIdentity, secrets: Provided = no_secrets
) -> dict[str, str]:
    """`env` of a container as text; later entries win, `$(NAME)` refers to earlier ones, as in Kubernetes.

    Raises PermanentRunnerError for a value from a config map, or a secret that nothing provides, if not optional.
    """
    variables: dict[str, str] = {}
    for entry in container.get("envFrom") or ():
        variables |= _whole(entry, secrets)
    for entry in container.get("env") or ():
        source, name = entry.get("valueFrom"), entry["name"]
        if source is None:
            value = entry.get("value")
            variables[name] = expand("" if value is None else str(value), variables)
        elif "fieldRef" in source:
            variables[name] = downward(source["fieldRef"]["fieldPath"], run)
        elif "secretKeyRef" in source:
            found = item(source["secretKeyRef"], secrets, f"environment variable {name}")
            variables |= {} if found is None else {name: found}
        elif not next(iter(source.values())).get("optional"):
            raise PermanentRunnerError(
                f"environment variable {name} comes from a {next(iter(source))}, "
                "which the process runner does not have. Give a value, or run on Kubernetes"
            )
    return variables


def _whole(entry: Mapping[str, Any], secrets: Provided) -> dict[str, str]:
    """All variables of one entry of `envFrom`."""
    kind, reference = next((key, value) for key, value in entry.items() if key != "prefix")
    if reference.get("optional"):
        items = (secrets(reference["name"]) if kind == "secretRef" else None) or {}
    elif kind == "secretRef":
        items = items_of(reference["name"], secrets, "envFrom")
    else:
        raise PermanentRunnerError(
            f"envFrom names the {kind} '{reference.get('name')}', which the process "
            "runner does not have. Write the values in env, or run on Kubernetes"
        )
    return {f"{entry.get('prefix', '')}{name}": value for name, value in items.items()}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Kubernetes' `$(NAME)`: known names are replaced, unknown ones stay, and `$$` is one dollar (expansion.Expand)."""

    def replacement(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else variables.get(found[1], found[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", replacement, text)


def missing_program(
    program: str, image: str | None, environment: Path | None, search: str | None
) -> str | None:
    """Why a container's program cannot start, with what to set; None when it can."""
    if environment is not None and not (environment / "bin").is_dir():
        return f"[polyaxon] process_environments maps image '{image}' to '{environment}', which has no bin folder"
    if shutil.which(program, path=search) is not None or "/" in program:
        return None
    return (
        f"'{program}' is not on this machine's PATH. Image '{image}' stands for a Python environment here: "
        f'map it in [polyaxon] process_environments, for example {{"{image}": "{sys.prefix}"}}'
    )
