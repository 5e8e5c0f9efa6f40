from __future__ import annotations

import os
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.events.patterns import Pattern
from polyaxon_airflow.watching import Place
from polyaxon_airflow.watching.files import FilesSource, listings
from tests.watching.watchers import NOON, Watcher

KIND = "connection_dataset_version"


class Folder:
    """A folder of files whose times a test sets: `write` is a file that was finished at NOON + `at` seconds."""

    def __init__(self, path):
        self.path = path
        path.mkdir()

    def write(self, name, text="x", *, at=0):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        stamp = (NOON + timedelta(seconds=at)).timestamp()
        os.utime(file, (stamp, stamp))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lake")


@pytest.fixture
def watcher(folder):
    def make(options="", cursor=None):
        place = Place("lake", "host_path", {"hostPath": str(folder.path)})
        return Watcher(FilesSource(place), KIND, f"connections.lake{options}", cursor)

    return make


def paths(occurrences):
    return [occurrence.data["path"] for occurrence in occurrences]


def test_new_files_are_events_the_oldest_first(folder, watcher):
    folder.write("old.csv")
    found = watcher()
    assert found.see() == []
    folder.write("b.csv", at=20)
    folder.write("deep/a.csv", "abc", at=10)
    first, second = found.see()
    assert (first.key, first.label) == ("deep/a.csv@2026-01-01T12:00:10+00:00-3", "deep/a.csv")
    assert first.data == {
        "path": "deep/a.csv",
        "url": f"file://{folder.path}/deep/a.csv",
        "version": "2026-01-01T12:00:10+00:00-3",
        "size": 3,
        "modified_at": "2026-01-01T12:00:10+00:00",
    }
    assert second.label == "b.csv"
    assert found.see() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param("", ["a.csv"], id="a changed file is an event"),
        pytest.param("?once=true", [], id="unless a path counts once"),
    ],
)
def test_files_that_change(folder, watcher, options, expected):
    found = watcher(options)
    found.see()
    folder.write("a.csv")
    assert paths(found.see()) == ["a.csv"]
    folder.write("a.csv", "changed", at=30)
    assert paths(found.see()) == expected
    assert found.see() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param("?path=*.csv", ["a.csv"], id="a pattern"),
        pytest.param("?path=**/*.csv", ["a.csv", "days/2026-01-01/b.csv"], id="at any depth"),
        pytest.param("?path=days/*/_SUCCESS", ["days/2026-01-01/_SUCCESS"], id="a marker file"),
        pytest.param("?path=days/**,*.csv", ["a.csv", "days/2026-01-01/_SUCCESS", "days/2026-01-01/b.csv"], id="several"),
        pytest.param("?path=nowhere/*", [], id="none"),
    ],
)  # fmt: skip
def test_patterns(folder, watcher, options, expected):
    found = watcher(options)
    found.see()
    for name in ("a.csv", "days/2026-01-01/b.csv", "days/2026-01-01/_SUCCESS"):
        folder.write(name)
    assert sorted(paths(found.see())) == expected


def test_partitions_by_date(folder, watcher):
    found = watcher("?path=days/date={date}/{part}.parquet")
    found.see()
    folder.write("days/date=2026-01-01/0.parquet")
    (seen,) = found.see()
    assert seen.data["partition"] == {"date": "2026-01-01", "part": "0"}


def test_what_is_there_counts_if_the_file_says_so(folder, watcher):
    folder.write("a.csv")
    assert paths(watcher("?existing=true").see()) == ["a.csv"]


def test_a_file_counts_when_it_has_stopped_growing(folder, watcher):
    found = watcher()
    found.see()
    folder.write("a.csv", "half", at=119)  # one second before the poll
    assert found.see() == []
    folder.write("a.csv", "half and the rest", at=121)
    (seen,) = found.see()
    assert seen.data["size"] == len("half and the rest")


def test_a_watcher_that_was_away_sees_what_it_missed(folder, watcher):
    found = watcher()
    found.see()
    for number in range(20):
        folder.write(f"{number}.csv", at=number)
    assert len(watcher(cursor=found.cursor).see()) == 20


def test_a_disk_that_was_away_brings_nothing_new(folder, watcher, tmp_path):
    folder.write("a.csv")
    found = watcher()
    found.see()
    away = folder.path.rename(tmp_path / "away")
    folder.path.mkdir()  # the mount point without its disk
    assert found.see() == []
    folder.path.rmdir()
    away.rename(folder.path)
    assert found.see() == []


def test_a_store_that_is_not_there_is_an_error_and_not_an_empty_one(folder, watcher):
    folder.path.rmdir()
    with pytest.raises(WatchError, match=r"connection 'lake' holds no .*lake"):
        watcher().see()


@pytest.mark.parametrize(
    ("place", "message"),
    [
        pytest.param(Place("code", "git", {"url": "x"}), "connection 'code' of kind git keeps no files; kinds that do: host_path", id="another kind"),
        pytest.param(Place("lake", "s3", {}), "connection 'lake' of kind s3 keeps no files", id="no bucket"),
        pytest.param(Place("lake", "s3", {"bucket": "nonsense://b"}), "connection 'lake' cannot be used: .*nonsense", id="an unknown protocol"),
    ],
)  # fmt: skip
def test_connections_that_keep_no_files(place, message):
    with pytest.raises(WatchError, match=message):
        FilesSource(place)


def test_a_view_concerns_those_whose_files_changed(folder, watcher):
    csv, text = watcher("?path=*.csv"), watcher("?path=*.txt")
    source, watches = csv.source, [csv.watch, text.watch]
    assert not source.look(watches, NOON).is_same_for(csv.watch)
    folder.write("a.csv", at=-60)
    view = source.look(watches, NOON)
    assert (view.is_same_for(csv.watch), view.is_same_for(text.watch)) == (False, True)
    assert source.look(watches, NOON).is_same_for(csv.watch)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        pytest.param(["**"], [("", None)], id="everything"),
        pytest.param(["a/*.csv", "a/*.txt"], [("a/", 1)], id="one folder once"),
        pytest.param(["a/*.csv", "a/b/c/*.txt"], [("a/", 3)], id="a folder in another with it"),
        pytest.param(["a/**", "a/b/*.txt"], [("a/", None)], id="all the way down"),
        pytest.param(["a/x.csv", "b/*/y"], [("a/", 1), ("b/", 2)], id="two folders"),
        pytest.param([f"days/{n}/*" for n in range(40)], [("days/", 2)], id="many folders by what they share"),
    ],
)  # fmt: skip
def test_what_is_listed(patterns, expected):
    assert listings([Pattern(text) for text in patterns]) == expected


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "*", "**", "{x}"]), min_size=1, max_size=4).map("/".join), min_size=1, max_size=40),
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5).map("/".join),
)  # fmt: skip
def test_whatever_matches_is_listed(patterns, path):
    found = [Pattern(text) for text in patterns]
    if any(pattern.match(path) is not None for pattern in found):
        assert any(
            path.startswith(folder) and (depth is None or path.removeprefix(folder).count("/") < depth)
            for folder, depth in listings(found)
        )


def test_random_changes_are_each_seen_once(folder, watcher):
    """A model: what exists, with a version each; every new (path, version) is one event."""
    rng, found, expected, seen = random.Random(7), watcher(), [], []
    found.see()
    second = 0
    for _ in range(40):
        for _ in range(rng.randrange(4)):
            second += 1
            name = f"{rng.choice('ab')}/{rng.randrange(6)}.csv"
            if rng.random() < 0.2 and (folder.path / name).exists():
                (folder.path / name).unlink()
            else:
                folder.write(name, "x" * rng.randrange(1, 9), at=second - 4000)
                expected.append(name)
        # Two writes between two polls are one change.
        expected, kept = [], expected
        present = {name for name in kept if (folder.path / name).exists()}
        seen_now = paths(found.see())
        assert sorted(seen_now) == sorted(present)
        seen += seen_now
    assert len(seen) > 30
