"""Files in Google's and Azure's stores: an emulator of each, asked over HTTP."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from uuid import uuid4

import pytest

from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.watching import Place
from polyaxon_airflow.watching.files import FilesSource
from tests.artifacts.clouds import azure_files, azure_server, google_files, google_server
from tests.watching.watchers import Watcher

KIND = "connection_dataset_version"
# Kind of the connection, its bucket, the server, a client, and the url of a file as an event has it.
CLOUDS = {
    "google": ("gcs", "gs://{bucket}", google_server, google_files, "gs://{bucket}"),
    "azure": (
        "wasb",
        "wasbs://{bucket}@devstoreaccount1.blob.core.windows.net",
        azure_server,
        azure_files,
        "abfs://{bucket}",
    ),
}


class Cloud:
    """One folder of a store."""

    def __init__(self, variables, kind, bucket, client, url):
        self.variables, self.kind, self.files, self.folder = variables, kind, client(variables), uuid4().hex
        self.bucket, self.url = bucket, url

    def write(self, path, content):
        self.files.pipe_file(f"lake/{self.folder}/{path}", content, **self.over)

    @property
    def over(self):
        return {"overwrite": True} if self.kind == "wasb" else {}

    def watcher(self, options="", bucket="lake", **more):
        root = f"{self.bucket.format(bucket=bucket)}/{self.folder}"
        place = Place("lake", self.kind, {"bucket": root}, {**self.variables, **more})
        return Watcher(FilesSource(place), KIND, f"connections.lake{options}")


@pytest.fixture(scope="module", params=CLOUDS)
def server(request):
    kind, bucket, server, client, url = CLOUDS[request.param]
    with server("lake") as variables:
        yield variables, kind, bucket, client, url


@pytest.fixture
def cloud(server):
    return Cloud(*server)


def test_a_new_object_and_changed_content_are_events(cloud):
    found = cloud.watcher()
    assert found.see() == []
    cloud.write("a.csv", b"1")
    (seen,) = found.see()
    assert (seen.data["path"], seen.data["size"]) == ("a.csv", 1)
    assert seen.data["url"] == f"{cloud.url.format(bucket='lake')}/{cloud.folder}/a.csv"
    # Google's etag changes with what is only written about an object, its md5 with the object.
    assert cloud.kind != "gcs" or seen.data["version"] == b64encode(md5(b"1").digest()).decode()
    assert seen.data["modified_at"].startswith("20")
    assert found.see() == []
    cloud.write("a.csv", b"2")
    (again,) = found.see()
    assert again.data["path"] == "a.csv"
    assert again.data["version"] != seen.data["version"]


def test_a_marker_in_a_partition(cloud):
    found = cloud.watcher("?path=days/date={date}/_SUCCESS")
    found.see()
    cloud.write("days/date=2026-01-01/part-0.parquet", b"1")
    assert found.see() == []
    cloud.write("days/date=2026-01-01/_SUCCESS", b"")
    (seen,) = found.see()
    assert seen.data["partition"] == {"date": "2026-01-01"}


def test_a_bucket_that_is_not_there(cloud):
    with pytest.raises(WatchError, match=r"connection 'lake' holds no .*nowhere"):
        cloud.watcher(bucket="nowhere").see()
