"""Credentials by the names that clouds and Polyaxon give them, as fsspec's file systems take them.

Where a file system finds a name itself (boto3's AWS_*, GOOGLE_APPLICATION_CREDENTIALS), it is given here all the same,
since a task reads it from an Airflow connection and not from its environment.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

# Protocol -> option of its file system -> names of variables, the first that is given counts. Polyaxon's are those of
# its client library (`vents`); a dot in an option means a mapping inside an option.
_S3 = {
    "key": ("AWS_ACCESS_KEY_ID",),
    "secret": ("AWS_SECRET_ACCESS_KEY",),
    "token": ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    "endpoint_url": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "client_kwargs.region_name": ("AWS_REGION", "AWS_DEFAULT_REGION"),
}
_GCS = {
    "token": ("GC_KEYFILE_DICT", "GOOGLE_KEYFILE_DICT", "GC_KEY_PATH", "GOOGLE_APPLICATION_CREDENTIALS"),
    "project": ("GC_PROJECT", "GOOGLE_CLOUD_PROJECT"),
    "endpoint_url": ("STORAGE_EMULATOR_HOST",),
}
_AZURE = {
    "connection_string": ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_CONNECTION_STRING"),
    "account_name": ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_ACCOUNT_NAME"),
    "account_key": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_ACCOUNT_KEY"),
    "sas_token": ("AZURE_STORAGE_SAS_TOKEN", "AZURE_SAS_TOKEN"),
    "tenant_id": ("AZURE_STORAGE_TENANT_ID", "AZURE_TENANT_ID"),
    "client_id": ("AZURE_STORAGE_CLIENT_ID", "AZURE_CLIENT_ID"),
    "client_secret": ("AZURE_STORAGE_CLIENT_SECRET", "AZURE_CLIENT_SECRET"),
}
_PROTOCOLS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "s3": _S3,
    "s3a": _S3,
    "gs": _GCS,
    "gcs": _GCS,
    "abfs": _AZURE,
    "az": _AZURE,
}


def address_of(root: str, variables: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The URL by which fsspec knows a root, and the options of its file system.

    Polyaxon writes Azure's as `wasbs://container@account.blob.core.windows.net/path`:

    >>> address_of("wasbs://data@lake.blob.core.windows.net/raw", {"AZURE_STORAGE_ACCOUNT_KEY": "k"})
    ('abfs://data/raw', {'account_name': 'lake', 'account_key': 'k'})
    """
    parts = urlsplit(root)
    if parts.scheme not in ("wasb", "wasbs"):
        return root, storage_options(parts.scheme, variables)
    container, _, host = parts.netloc.partition("@")
    options = storage_options("abfs", variables)
    account = {} if "connection_string" in options or not host else {"account_name": host.partition(".")[0]}
    return f"abfs://{container}{parts.path}", {**account, **options}


def storage_options(protocol: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """The options of a protocol's file system; what is not given is left to that.

    >>> storage_options("s3", {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_REGION": "eu-west-1", "HOME": "/root"})
    {'key': 'AKIA', 'client_kwargs': {'region_name': 'eu-west-1'}}
    """
    options: dict[str, Any] = {}
    for option, names in _PROTOCOLS.get(protocol, {}).items():
        value = next((variables[name] for name in names if variables.get(name)), None)
        if value is not None:
            outer, _, inner = option.partition(".")
            options[outer] = {**options.get(outer, {}), inner: value} if inner else _parsed(value)
    return options


def _parsed(value: str) -> Any:
    return json.loads(value) if value.startswith("{") else value  # a key file of Google, as text
