import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.artifacts.paths import inside, relative, written_whole
from polyaxon_airflow.errors import ForbiddenPathError

PARTS = st.lists(st.sampled_from(["a", "b.c", "..", ".", "", "ü ", "..a", "a..", "\0"]), max_size=6)


@given(PARTS)
def test_a_path_is_made_plain_or_refused(parts):
    path = "/".join(parts)
    if path.startswith("/") or ".." in parts or "\0" in path:
        with pytest.raises(ForbiddenPathError):
            relative(path)
    else:
        assert relative(path) == "/".join(part for part in parts if part not in ("", "."))


def test_a_link_may_lead_elsewhere_inside_and_nowhere_outside(tmp_path):
    root = tmp_path / "root"
    (root / "data").mkdir(parents=True)
    (root / "within").symlink_to(root / "data")
    (root / "out").symlink_to(tmp_path)
    (root / "out.txt").symlink_to("/etc/passwd")
    assert inside(root, "within/a") == root / "within/a"
    for path in ("out", "out/a", "out.txt"):
        with pytest.raises(ForbiddenPathError, match="symbolic link"):
            inside(root, path)


def test_a_root_that_is_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert inside(tmp_path / "link", "a") == tmp_path / "link/a"


def test_a_file_is_replaced_when_all_went_well_and_not_before(tmp_path):
    path = tmp_path / "new" / "file"

    def write(text, error=None):
        with written_whole(path) as part:
            part.write_text(text)
            if error:
                raise error

    write("one")
    with pytest.raises(RuntimeError):
        write("tw", RuntimeError())
    assert path.read_text() == "one"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_writers_at_once_leave_the_whole_file_of_one(tmp_path):
    path, texts = tmp_path / "file", [str(number) * 100_000 for number in range(8)]

    def write(text):
        with written_whole(path) as part:
            part.write_text(text)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
