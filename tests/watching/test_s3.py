"""Files in a bucket: moto's server, asked over HTTP."""

from __future__ import annotations

import pytest
from fsspec import filesystem

from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.sections.connections import Connection
from polyaxon_airflow.watching import Place
from polyaxon_airflow.watching.files import FilesSource
from tests.artifacts.s3 import s3_server
from tests.watching.watchers import Watcher

KIND = "connection_dataset_version"


@pytest.fixture(scope="module")
def variables():
    with s3_server("lake") as found:
        yield found


@pytest.fixture
def bucket(variables, request):
    system = filesystem(
        "s3",
        key="AKIATEST",
        secret="s3cret",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        skip_instance_cache=True,
    )
    return lambda path, content: system.pipe_file(f"lake/{request.node.name}/{path}", content)


@pytest.fixture
def watcher(variables, request):
    def make(options="", bucket="s3://lake/{name}", **more):
        place = Place("lake", "s3", {"bucket": bucket.format(name=request.node.name)}, {**variables, **more})
        return Watcher(FilesSource(place), KIND, f"connections.lake{options}")

    return make


def test_a_new_object_and_a_changed_etag_are_events(bucket, watcher):
    found = watcher()
    assert found.see() == []
    bucket("a.csv", b"1")
    (seen,) = found.see()
    assert seen.data["path"] == "a.csv"
    assert seen.data["version"] == "c4ca4238a0b923820dcc509a6f75849b"  # the md5 of "1", as S3's etags are
    assert seen.data["url"].endswith("/a.csv")
    assert seen.data["url"].startswith("s3://lake/")
    bucket("a.csv", b"1")
    assert found.see() == []
    bucket("a.csv", b"2")
    assert [one.data["path"] for one in found.see()] == ["a.csv"]


def test_a_marker_in_a_partition(bucket, watcher):
    found = watcher("?path=days/date={date}/_SUCCESS")
    found.see()
    bucket("days/date=2026-01-01/part-0.parquet", b"1")
    assert found.see() == []
    bucket("days/date=2026-01-01/_SUCCESS", b"")
    (seen,) = found.see()
    assert seen.data["partition"] == {"date": "2026-01-01"}


def test_keys_and_the_endpoint_may_stand_in_the_connection(bucket, variables, request):
    schema = {"bucket": f"s3://lake/{request.node.name}"}
    keys = {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "of the Airflow connection"}
    connection = Connection(name="lake", kind="s3", schema=schema, env=variables)
    found = Watcher(FilesSource(Place.of(connection, keys)), KIND, "connections.lake")
    assert found.see() == []
    bucket("a.csv", b"1")
    assert [one.data["path"] for one in found.see()] == ["a.csv"]


def test_a_bucket_that_is_not_there(watcher):
    with pytest.raises(WatchError, match=r"connection 'lake' holds no .*nowhere"):
        watcher(bucket="s3://nowhere/data").see()


def test_a_store_that_does_not_answer(watcher):
    with pytest.raises(WatchError, match="connection 'lake' does not answer: "):
        watcher(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1").see()
