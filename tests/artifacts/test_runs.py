from uuid import uuid4

import pytest

from polyaxon_airflow.artifacts.runs import RunFiles, refuse_unfinished, run_of
from polyaxon_airflow.artifacts.storage import LocalStorage, open_storage
from polyaxon_airflow.artifacts.transfer import Moved, pull, pull_any, pull_file, pull_folder
from polyaxon_airflow.errors import MissingFilesError, UnreachableFilesError

UUID = "8aac02e3a62a4f0aaa257c59da5eab80"


@pytest.fixture(params=["local", "s3"])
def storage(request, tmp_path):
    if request.param == "s3":
        return open_storage(f"s3://artifacts/{uuid4().hex}", request.getfixturevalue("s3"))
    return open_storage(str(tmp_path / "store"))


@pytest.fixture
def folder(tmp_path):
    """A run's folder on the machine that ran it."""
    folder = tmp_path / "staging" / UUID
    for path, text in {
        "outputs/model/w.bin": "weights",
        "outputs/r.txt": "r",
        "events/metric/loss.plx": "x",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


class Broken:
    """A storage whose network fails after some files."""

    def __init__(self, storage, files):
        self.storage, self.left = storage, files

    def __getattr__(self, name):
        return getattr(self.storage, name)

    def put(self, source, path):
        if self.left == 0:
            raise UnreachableFilesError("the cable is out")
        self.left -= 1
        self.storage.put(source, path)


def names(storage):
    return sorted(entry.path for entry in storage.files(UUID))


def test_a_run_is_collected_and_can_be_taken(storage, folder, tmp_path):
    assert RunFiles(storage, UUID).collect(folder) == Moved(3, 9)
    assert names(storage) == ["events/metric/loss.plx", "outputs/model/w.bin", "outputs/r.txt"]
    refuse_unfinished(storage, f"{UUID}/outputs")
    pull(storage, pull_folder(storage, f"{UUID}/outputs", tmp_path, "taken"))
    assert (tmp_path / "taken/model/w.bin").read_text() == "weights"


def test_an_upload_that_was_cut_off_never_looks_whole(storage, folder):
    for files in range(3):
        with pytest.raises(UnreachableFilesError, match="cable"):
            RunFiles(Broken(storage, files), UUID).collect(folder)
        assert not RunFiles(storage, UUID).is_whole()
        with pytest.raises(UnreachableFilesError, match=f"artifacts of run {UUID} are not all in "):
            refuse_unfinished(storage, f"{UUID}/outputs/r.txt")


def test_the_next_attempt_makes_it_whole(storage, folder):
    with pytest.raises(UnreachableFilesError):
        RunFiles(Broken(storage, 1), UUID).collect(folder, try_number=1)
    RunFiles(storage, UUID).collect(folder, try_number=2)
    refuse_unfinished(storage, f"{UUID}/outputs")
    assert len(names(storage)) == 3


def test_an_attempt_that_should_be_dead_does_not_vouch_for_a_later_one(storage, folder):
    with pytest.raises(UnreachableFilesError):
        RunFiles(Broken(storage, 1), UUID).collect(folder, try_number=2)
    RunFiles(storage, UUID).collect(folder, try_number=1)
    assert not RunFiles(storage, UUID).is_whole()


def test_a_run_that_writes_into_the_store_itself_needs_no_upload(tmp_path):
    storage = LocalStorage(str(tmp_path))
    (tmp_path / UUID / "outputs").mkdir(parents=True)
    (tmp_path / UUID / "outputs/a").write_text("a")
    assert RunFiles(storage, UUID).collect(tmp_path / UUID) == Moved(0, 0)
    assert names(storage) == ["outputs/a"]


def test_a_retry_elsewhere_finds_what_the_attempt_before_left(storage, folder, tmp_path):
    RunFiles(storage, UUID).collect(folder)
    elsewhere = tmp_path / "other machine" / UUID
    assert RunFiles(storage, UUID).restore(elsewhere) == Moved(3, 9)
    assert (elsewhere / "outputs/model/w.bin").read_text() == "weights"
    assert RunFiles(storage, "0" * 32).restore(elsewhere) == Moved(0, 0)


def test_links_out_of_a_runs_folder_are_not_collected(storage, folder, tmp_path):
    (tmp_path / "secret").write_text("s")
    (folder / "outputs/link").symlink_to(tmp_path / "secret")
    RunFiles(storage, UUID).collect(folder)
    assert "outputs/link" not in names(storage)


@pytest.mark.parametrize(
    ("path", "uuid"),
    [
        (UUID, UUID),
        (f"./{UUID}/outputs", UUID),
        (f"data/{UUID}", None),
        ("data", None),
        ("", None),
        ("8" * 31, None),
    ],
)
def test_the_run_of_a_path(path, uuid):
    assert run_of(path) == uuid


@pytest.mark.parametrize(
    ("pull_one", "path", "sentence"),
    [
        (pull_file, "outputs", "there is no file"),
        (pull_file, "none", "there is no file"),
        (pull_folder, "none", "there is no folder"),
        (pull_any, "none", "there is no folder"),
    ],
)
def test_what_is_not_there_is_named(storage, folder, pull_one, path, sentence):
    RunFiles(storage, UUID).collect(folder)
    with pytest.raises(MissingFilesError, match=sentence):
        pull_one(storage, f"{UUID}/{path}", folder, "x")
