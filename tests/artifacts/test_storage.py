"""What every storage must do, a local folder and the clouds alike."""

from uuid import uuid4

import pytest

from polyaxon_airflow.artifacts.options import address_of, storage_options
from polyaxon_airflow.artifacts.storage import Entry, LocalStorage, Stat, open_storage
from polyaxon_airflow.errors import FilesError, ForbiddenPathError, MissingFilesError, UnreachableFilesError

CLOUDS = {
    "s3": "s3://artifacts/",
    "google": "gs://artifacts/",
    "azure": "wasbs://artifacts@devstoreaccount1.blob.core.windows.net/",
}


@pytest.fixture(params=["local", "file url", *CLOUDS])
def storage(request, tmp_path):
    if request.param in CLOUDS:
        return open_storage(f"{CLOUDS[request.param]}{uuid4().hex}", request.getfixturevalue(request.param))
    return open_storage(f"{'file://' if 'url' in request.param else ''}{tmp_path}/store")


@pytest.fixture
def filled(storage):
    for path, content in {
        "a.txt": b"1",
        "run/outputs/m/w.bin": b"22",
        "run/outputs/x": b"",
        "runner/y": b"4",
    }.items():
        storage.write(path, content)
    return storage


def test_what_was_written_is_there(storage, tmp_path):
    (tmp_path / "in").write_bytes(b"\0" * 100_000)
    storage.put(tmp_path / "in", "deep/down/file")
    storage.fetch("deep/down/file", tmp_path / "new/out")
    assert (tmp_path / "new/out").read_bytes() == b"\0" * 100_000
    assert storage.read("deep/down/file") == b"\0" * 100_000
    storage.write("deep/down/file", b"shorter")
    assert storage.read("deep/down/file") == b"shorter"


@pytest.mark.parametrize(
    ("path", "stat"),
    [
        ("a.txt", Stat("file", 1)),
        ("run", Stat("folder", 0)),
        ("run/outputs/", Stat("folder", 0)),
        ("run/out", None),
        ("none", None),
        ("a.txt/b", None),
    ],
)
def test_what_is_at_a_path(filled, path, stat):
    assert filled.stat(path) == stat


@pytest.mark.parametrize(
    ("folder", "entries"),
    [
        pytest.param("run", [("outputs/m/w.bin", 2), ("outputs/x", 0)], id="a folder, and none that begins like it"),
        pytest.param("run/outputs/m/", [("w.bin", 2)], id="a slash at the end"),
        pytest.param("none", [], id="nothing"),
        pytest.param("", [("a.txt", 1), ("run/outputs/m/w.bin", 2), ("run/outputs/x", 0), ("runner/y", 1)], id="all"),
    ],
)  # fmt: skip
def test_files_below_a_folder(filled, folder, entries):
    assert sorted(filled.files(folder)) == [Entry(*entry) for entry in entries]


@pytest.mark.parametrize("path", ["none", "run", "a.txt/b"])
def test_a_file_that_is_not_there_is_named(filled, tmp_path, path):
    with pytest.raises(MissingFilesError, match=path):
        filled.fetch(path, tmp_path / "out")
    with pytest.raises(MissingFilesError, match=path):
        filled.read(path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "run/../../a"])
def test_no_path_leaves_the_root(storage, tmp_path, path):
    (tmp_path / "a").write_bytes(b"outside")
    for use in (
        lambda: storage.stat(path),
        lambda: list(storage.files(path)),
        lambda: storage.fetch(path, tmp_path / "out"),
        lambda: storage.put(tmp_path / "a", path),
        lambda: storage.read(path),
        lambda: storage.write(path, b""),
        lambda: storage.remove(path),
    ):
        with pytest.raises(ForbiddenPathError):
            use()
    assert (tmp_path / "a").read_bytes() == b"outside"


def test_removing_what_is_not_there_is_no_error(filled):
    filled.remove("a.txt")
    filled.remove("a.txt")
    assert filled.stat("a.txt") is None


def test_links_out_of_a_local_root_are_no_files_of_it(tmp_path):
    (tmp_path / "secret").write_text("s")
    root = tmp_path / "root"
    root.mkdir()
    for name, target in (("out", tmp_path / "secret"), ("folder", tmp_path), ("dangling", root / "none")):
        (root / name).symlink_to(target)
    (root / "own").write_text("x")
    (root / "same").symlink_to(root / "own")
    storage = LocalStorage(str(root))
    assert list(storage.files("")) == [Entry("own", 1), Entry("same", 1)]
    with pytest.raises(ForbiddenPathError):
        storage.read("out")


def test_a_key_that_climbs_is_refused(s3):
    """Object stores take any text as a key; a file system must not follow it."""
    import fsspec

    system = fsspec.filesystem("s3", **storage_options("s3", s3))
    system.pipe_file("artifacts/climbing/../../etc/x", b"")
    with pytest.raises(ForbiddenPathError):
        list(open_storage("s3://artifacts/climbing", s3).files(""))


@pytest.mark.parametrize(
    ("root", "variables", "error", "sentence"),
    [
        pytest.param("s3://artifacts", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, UnreachableFilesError,
                     "s3://artifacts does not answer: ", id="nobody listens"),
        pytest.param("nope://artifacts", {}, FilesError, "nope://artifacts cannot be used: ", id="an unknown protocol"),
        pytest.param("dropbox://artifacts", {}, FilesError, "dropbox://artifacts cannot be used: .*dropbox", id="a missing package"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_without_secrets(s3, root, variables, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        open_storage(root, {**s3, **variables}).read("x")
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("protocol", "variables", "options"),
    [
        pytest.param("s3", {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "u"},
                     {"key": "a", "secret": "b", "endpoint_url": "u"}, id="s3"),
        pytest.param("s3", {"AWS_ACCESS_KEY_ID": ""}, {}, id="an empty variable is none"),
        pytest.param("gs", {"GC_KEYFILE_DICT": '{"type": "service_account"}'},
                     {"token": {"type": "service_account"}}, id="a key file of Google as text"),
        pytest.param("gs", {"GOOGLE_APPLICATION_CREDENTIALS": "/k.json"}, {"token": "/k.json"}, id="its path"),
        pytest.param("abfs", {"AZURE_ACCOUNT_NAME": "n", "AZURE_ACCOUNT_KEY": "k"},
                     {"account_name": "n", "account_key": "k"}, id="azure as polyaxon names it"),
        pytest.param("memory", {"AWS_ACCESS_KEY_ID": "a"}, {}, id="others know no credentials"),
    ],
)  # fmt: skip
def test_credentials(protocol, variables, options):
    assert storage_options(protocol, variables) == options


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        pytest.param(
            {"AZURE_ACCOUNT_KEY": "k"},
            {"account_name": "lake", "account_key": "k"},
            id="the account of the URL",
        ),
        pytest.param({"AZURE_ACCOUNT_NAME": "other"}, {"account_name": "other"}, id="one that is named"),
        pytest.param(
            {"AZURE_CONNECTION_STRING": "c"}, {"connection_string": "c"}, id="that of the connection string"
        ),
    ],
)
def test_the_account_in_azures_urls(variables, options):
    root = "wasbs://data@lake.blob.core.windows.net/raw"
    assert address_of(root, variables) == ("abfs://data/raw", options)
