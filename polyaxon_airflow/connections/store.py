"""Which connection keeps the artifacts of runs, and where this machine finds them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.connections.catalogue import Catalogue, Entry
from polyaxon_airflow.errors import FilesError
from polyaxon_airflow.sections.connections import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "artifacts-store"  # name of the connection where no file names one
KINDS: Mapping[str, str] = {
    "s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "wasb", "abfs": "wasb", "wasb": "wasb", "wasbs": "wasb",
}  # fmt: skip


class Store(NamedTuple):
    """The artifacts store of a deployment."""

    catalogue: Catalogue  # which has the store's connection in any case
    entry: Entry
    root: str  # folder or URL under which this machine finds the runs

    @property
    def is_local(self) -> bool:
        """Whether runs of this machine may write straight into it."""
        return "://" not in self.root


def artifacts_store(catalogue: Catalogue, artifacts_root: str, conn_id: str | None = None) -> Store:
    """The store that the connections file names, else the one at `[polyaxon] artifacts_root`, a folder or a URL.

    A volume claim has no path of its own outside a pod: `artifacts_root` is then where this machine mounts it.
    `conn_id`: the Airflow connection with the credentials of a URL. Raises FilesError for an unknown kind of URL.
    """
    named = next((entry for entry in catalogue.entries if entry.name == catalogue.store), None)
    if named is not None:
        return Store(catalogue, named, _root(named, artifacts_root).removeprefix("file://"))
    entry = _entry(artifacts_root, conn_id)
    known = [other for other in catalogue.entries if other.name != entry.name]
    return Store(
        replace(catalogue, entries=(*known, entry), store=entry.name),
        entry,
        artifacts_root.removeprefix("file://"),
    )


def on_this_machine(store: Store) -> Connection:
    """The store's connection for local processes, which have no volume claims."""
    connection = store.entry.connection()
    if connection.kind not in ("volume_claim", "host_path"):
        return connection
    schema = {"hostPath": store.root, "mountPath": connection.setting("mountPath")}
    return connection.model_copy(update={"kind": "host_path", "schema_": schema})


def _root(entry: Entry, artifacts_root: str) -> str:
    name = {"host_path": "hostPath", "volume_claim": ""}.get(entry.kind, "bucket")
    return str(entry.setting(name)) if name else artifacts_root


def _entry(root: str, conn_id: str | None) -> Entry:
    scheme, url, _ = root.partition("://")
    if not url or scheme == "file":
        path = root.removeprefix("file://")
        schema = {"hostPath": path, "mountPath": path}
        return Entry.model_validate({"name": DEFAULT, "kind": "host_path", "schema": schema})
    if scheme not in KINDS:
        raise FilesError(
            f"[polyaxon] artifacts_root is '{root}'; it takes a folder, or a URL of {', '.join(KINDS)}"
        )
    return Entry.model_validate(
        {"name": DEFAULT, "kind": KINDS[scheme], "schema": {"bucket": root}, "connId": conn_id}
    )
