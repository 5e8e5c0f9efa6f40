"""Connections: named places outside a run (buckets, volumes, repositories, registries) that runs ask for by name.

They are a deployment's, not a polyaxonfile's: a catalogue lists them (spec sections 2.15 and 2.29). What they hold
names secrets and never carries one.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field

from polyaxon_airflow.scalars import Text
from polyaxon_airflow.section import Section

ConnectionKind: TypeAlias = Literal[
    "host_path", "volume_claim", "gcs", "s3", "wasb", "registry", "git", "aws", "gcp", "azure", "mysql", "postgres",
    "oracle", "vertica", "sqlite", "mssql", "redis", "presto", "mongo", "cassandra", "ftp", "grpc", "hdfs", "http",
    "pig_cli", "hive_cli", "hive_metastore", "hive_server2", "jdbc", "jenkins", "samba", "snowflake", "ssh",
    "cloudant", "databricks", "segment", "slack", "teams", "email", "discord", "mattermost", "pagerduty", "hipchat",
    "webhook", "custom",
]  # fmt: skip


class ConnectionResource(Section):
    """A Kubernetes secret or config map: mounted at `mountPath`, else its items become environment variables.

    Without `items` and without `mountPath` all of its keys become variables.
    """

    name: Text
    mount_path: Text | None = None
    host_path: Text | None = None
    items: list[Text] | None = None
    default_mode: int | str | None = None  # octal text or a number, as in Kubernetes


class Connection(Section):
    """`{name: data, kind: s3, schema: {bucket: "s3://data"}, secret: {name: s3-keys}}`."""

    name: Text
    kind: ConnectionKind
    description: Text | None = None
    tags: list[Text] | None = None
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    secret: ConnectionResource | None = None
    config_map: ConnectionResource | None = None
    env: dict[str, Any] | list[Any] | None = None  # pairs, a mapping, or variables as Kubernetes writes them
    annotations: dict[str, str] | None = None

    def setting(self, name: str) -> Any:
        """One entry of `schema`, or None."""
        return (self.schema_ or {}).get(name)

    def variables(self) -> list[dict[str, Any]]:
        """`env` as Kubernetes' list of variables."""
        if isinstance(self.env, dict):
            return [{"name": name, "value": str(value)} for name, value in self.env.items()]
        return [
            entry if isinstance(entry, dict) else {"name": str(entry[0]), "value": str(entry[1])}
            for entry in self.env or []
        ]
