"""What each kind of connection needs, and which secret items an Airflow connection gives for it (spec section 2.15).

Items are named as the programs in containers look for them: boto3, Google's and Azure's libraries, git, Docker, and
Polyaxon's client library, whose names for Azure differ.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyaxon_airflow.sections.connections import Connection

SECRETS = (
    "/plx-context/.secrets"  # where secrets are mounted whose programs want files, a folder a connection
)

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


class Schema(NamedTuple):
    """The keys of `schema`."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


# Kinds that are not here take any schema.
SCHEMAS: Mapping[str, Schema] = {
    "s3": Schema(("bucket",)),
    "gcs": Schema(("bucket",)),
    "wasb": Schema(("bucket",)),
    "volume_claim": Schema(("volumeClaim", "mountPath"), ("readOnly",)),
    "host_path": Schema(("hostPath", "mountPath"), ("readOnly",)),
    "registry": Schema(("url",), ("insecure",)),
    "git": Schema((), ("url", "revision", "flags")),
}

# Kinds that take a message to people.
TELL = ("slack", "discord", "email", "webhook", "mattermost", "teams")


@dataclass(frozen=True)
class Account:
    """An Airflow connection, as far as it matters here."""

    login: str = ""
    password: str = ""
    host: str = ""
    port: int | None = None
    schema: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    uri: str = ""


def secret_items(connection: Connection, account: Account) -> dict[str, str]:
    """The items of the secret that stands for an Airflow connection, without empty ones.

    Entries of its extra whose names are those of environment variables (`WANDB_API_KEY`) are items of every kind.
    Reads the key file that an extra names. Raises OSError if that cannot be read.
    """
    own = {name: _text(value) for name, value in account.extra.items() if _VARIABLE.fullmatch(name)}
    made = _ITEMS.get(connection.kind, _any)(connection, account)
    return {name: value for name, value in {**made, **own}.items() if value}


def mount_path_of(connection: Connection) -> str | None:
    """Where the secret of an Airflow connection is mounted; None for kinds whose items are variables."""
    return f"{SECRETS}/{connection.name}" if connection.kind in _FILES else None


def file_variables(connection: Connection, mount_path: str | None, *, is_ours: bool) -> list[list[str]]:
    """Name and value of the variable that says where a mounted secret is.

    `is_ours`: the secret is one of `secret_items`. What the files of another are called is not known, so a variable
    for one file would be a guess; ssh wants the folder, as in Polyaxon.
    """
    name, file = _FILES.get(connection.kind, ("", ""))
    return [[name, mount_path + file]] if name and mount_path and (is_ours or not file) else []


# Kinds whose secrets are files: the variable that leads to them, and the path below the mount that it holds.
_FILES = {
    "gcs": ("GOOGLE_APPLICATION_CREDENTIALS", "/key.json"),
    "gcp": ("GOOGLE_APPLICATION_CREDENTIALS", "/key.json"),
    "ssh": ("POLYAXON_SSH_PATH", ""),
    "registry": ("DOCKER_CONFIG", ""),
}


def _aws(_: Connection, account: Account) -> dict[str, str]:
    region = account.extra.get("region_name") or ""
    return {
        "AWS_ACCESS_KEY_ID": account.login or account.extra.get("aws_access_key_id") or "",
        "AWS_SECRET_ACCESS_KEY": account.password or account.extra.get("aws_secret_access_key") or "",
        "AWS_SESSION_TOKEN": account.extra.get("aws_session_token") or "",
        "AWS_ENDPOINT_URL": account.extra.get("endpoint_url") or account.host,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def _google(_: Connection, account: Account) -> dict[str, str]:
    """`GC_KEYFILE_DICT` is for this package and Polyaxon's client, the file for everything else."""
    key = _text(account.extra.get("keyfile_dict") or "") or _content(account.extra.get("key_path"))
    return {"key.json": key, "GC_KEYFILE_DICT": key}


def _azure(_: Connection, account: Account) -> dict[str, str]:
    """With a tenant, login and password are those of a client, as in Airflow's Azure provider."""
    extra = account.extra
    name = account.host.removeprefix("https://").partition(".")[0]
    if extra.get("tenant_id"):
        found = {
            "TENANT_ID": extra["tenant_id"],
            "CLIENT_ID": account.login,
            "CLIENT_SECRET": account.password,
        }
        return {**_both({"ACCOUNT_NAME": name}), **_both(found)}
    return _both(
        {
            "CONNECTION_STRING": extra.get("connection_string") or "",
            "ACCOUNT_NAME": account.login or name,
            "ACCOUNT_KEY": account.password,
            "SAS_TOKEN": extra.get("sas_token") or "",
        }
    )


def _both(values: Mapping[str, str]) -> dict[str, str]:
    """Under Azure's names for storage and under those of Polyaxon's client."""
    return {
        f"{prefix}{name}": value for prefix in ("AZURE_STORAGE_", "AZURE_") for name, value in values.items()
    }


def _git(_: Connection, account: Account) -> dict[str, str]:
    parts = [quote(part, safe="") for part in (account.login, account.password) if part]
    return {"POLYAXON_GIT_CREDENTIALS": ":".join(parts)}


def _ssh(_: Connection, account: Account) -> dict[str, str]:
    key = account.extra.get("private_key") or _content(account.extra.get("key_file"))
    host_key = account.extra.get("host_key") or ""
    # ssh reads no key whose last line has no end.
    return {
        "id_rsa": f"{str(key).rstrip()}\n" if key else "",
        "known_hosts": f"{account.host} {host_key}\n" if host_key and account.host else "",
    }


def _registry(connection: Connection, account: Account) -> dict[str, str]:
    url = str(connection.setting("url") or account.host)
    login = base64.b64encode(f"{account.login}:{account.password}".encode()).decode()
    return {"config.json": json.dumps({"auths": {url: {"auth": login}}})}


def _any(connection: Connection, account: Account) -> dict[str, str]:
    """`NAME_URI`, `NAME_HOST`, ... for a connection called name."""
    prefix = re.sub(r"\W+", "_", connection.name).upper()
    values = {
        "URI": account.uri,
        "HOST": account.host,
        "PORT": "" if account.port is None else str(account.port),
        "LOGIN": account.login,
        "PASSWORD": account.password,
        "SCHEMA": account.schema,
    }
    return {f"{prefix}_{name}": value for name, value in values.items()}


_ITEMS: Mapping[str, Callable[[Connection, Account], dict[str, str]]] = {
    "s3": _aws,
    "aws": _aws,
    "gcs": _google,
    "gcp": _google,
    "wasb": _azure,
    "azure": _azure,
    "git": _git,
    "ssh": _ssh,
    "registry": _registry,
}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _content(path: Any) -> str:
    return Path(str(path)).read_text(encoding="utf-8") if path else ""
