import pytest

from polyaxon_airflow.connections.catalogue import Catalogue, read_catalogue
from polyaxon_airflow.connections.store import artifacts_store, on_this_machine
from polyaxon_airflow.errors import FilesError

FILE = """
artifactsStore: %s
connections:
- {name: s3, kind: s3, schema: {bucket: "s3://acme/runs"}, connId: aws}
- {name: pvc, kind: volume_claim, schema: {volumeClaim: claim, mountPath: /store}}
- {name: host, kind: host_path, schema: {hostPath: /srv/runs, mountPath: /store}}
"""


@pytest.mark.parametrize(
    ("root", "kind", "schema", "is_local"),
    [
        ("/var/runs", "host_path", {"hostPath": "/var/runs", "mountPath": "/var/runs"}, True),
        ("file:///var/runs", "host_path", {"hostPath": "/var/runs", "mountPath": "/var/runs"}, True),
        ("s3://b/runs", "s3", {"bucket": "s3://b/runs"}, False),
        ("gs://b", "gcs", {"bucket": "gs://b"}, False),
        ("az://b", "wasb", {"bucket": "az://b"}, False),
        (
            "wasbs://c@a.blob.core.windows.net/x",
            "wasb",
            {"bucket": "wasbs://c@a.blob.core.windows.net/x"},
            False,
        ),
    ],
)
def test_a_root_in_the_configuration_is_a_store(root, kind, schema, is_local):
    store = artifacts_store(Catalogue(), root)
    assert (store.entry.kind, store.entry.schema_, store.is_local) == (kind, schema, is_local)
    assert store.catalogue.artifacts_store.name == store.entry.name
    assert store.root.removeprefix("file://") == root.removeprefix("file://")


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("s3", "s3://acme/runs"),
        ("host", "/srv/runs"),
        pytest.param("pvc", "/mnt/claim", id="where it is mounted here"),
    ],
)
def test_the_connections_file_goes_first(name, root):
    store = artifacts_store(read_catalogue(FILE % name), "/mnt/claim")
    assert (store.entry.name, store.root) == (name, root)


def test_the_credentials_of_a_url_are_an_airflow_connections():
    store = artifacts_store(Catalogue(), "s3://b", conn_id="aws")
    assert store.entry.conn_id == "aws"
    assert store.entry.connection().secret.name == "polyaxon-connection-artifacts-store"


@pytest.mark.parametrize(("name", "folder"), [("pvc", "/mnt/claim"), ("host", "/srv/runs")])
def test_local_processes_find_volumes_in_folders(name, folder):
    connection = on_this_machine(artifacts_store(read_catalogue(FILE % name), "/mnt/claim"))
    assert (connection.kind, connection.schema_) == ("host_path", {"hostPath": folder, "mountPath": "/store"})


def test_an_unknown_kind_of_url_is_told_the_known_ones():
    with pytest.raises(FilesError, match=r"artifacts_root is 'ftp://x'; it takes a folder, or a URL of s3, "):
        artifacts_store(Catalogue(), "ftp://x")
