"""On real repositories of the machine's own git."""

from __future__ import annotations

import subprocess

import pytest

from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.watching import Place
from polyaxon_airflow.watching.git import GitSource
from tests.init.gitserver import Repository, git, serve
from tests.watching.ssh import ssh_server
from tests.watching.watchers import Watcher

KIND = "connection_git_commit"


@pytest.fixture
def repository(tmp_path):
    found = Repository(tmp_path / "origin")
    found.commit("first")
    return found


@pytest.fixture
def source_of(tmp_path):
    made = []

    def make(url, variables=None, mirrors="mirrors", **settings):
        place = Place("code", "git", {"url": url, **settings}, variables or {})
        made.append(GitSource(place, tmp_path / mirrors))
        return made[-1]

    yield make
    for source in made:
        source.close()


@pytest.fixture
def watcher(repository, source_of):
    def make(options="", **more):
        return Watcher(source_of(repository.url, **more), KIND, f"connections.code{options}")

    return make


def titles(occurrences):
    return [occurrence.data["title"] for occurrence in occurrences]


def test_each_commit_is_an_event_in_its_order(repository, watcher):
    found = watcher()
    assert found.see() == []  # what is there already is not new
    repository.commit("second")
    repository.commit("third")
    seen = found.see()
    assert titles(seen) == ["second", "third"]
    assert found.see() == []
    assert seen[1].key == repository.commits["third"]
    assert seen[1].label == repository.commits["third"][:12]
    committed_at = seen[1].data["committed_at"].replace("+00:00", "Z")  # git spells it in either way
    assert {**seen[1].data, "committed_at": committed_at} == {
        "sha": repository.commits["third"],
        "author": "Ada",
        "email": "ada@example.com",
        "committed_at": "2026-01-01T00:00:00Z",
        "title": "third",
        "message": "third",
        "url": repository.url,
        "branch": "main",
        "ref": "refs/heads/main",
        "previous": repository.commits["first"],
        "forced": False,
    }


def test_a_watcher_that_was_away_sees_what_it_missed(repository, watcher, source_of):
    found = watcher()
    found.see()
    for number in range(5):
        repository.commit(f"while away {number}")
    again = Watcher(
        source_of(repository.url, mirrors="another machine"), KIND, "connections.code", found.cursor
    )
    assert titles(again.see()) == [f"while away {number}" for number in range(5)]


def test_what_is_there_counts_if_the_file_says_so(repository, watcher):
    repository.commit("second")
    assert titles(watcher("?existing=true").see()) == ["second"]


def test_a_message_of_several_lines(repository, watcher):
    found = watcher()
    found.see()
    repository.commit("title\n\nbody, with | and \t in it\nand more")
    (seen,) = found.see()
    assert seen.data["title"] == "title"
    assert seen.data["message"] == "title\n\nbody, with | and \t in it\nand more"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param("?path=src/**", ["code"], id="a folder"),
        pytest.param("?path=*.md", ["docs"], id="a star stays in its folder"),
        pytest.param("?path=src/**,*.md", ["code", "docs"], id="either"),
        pytest.param("?path=data/**", [], id="none"),
    ],
)
def test_only_commits_that_touch_a_path(repository, watcher, options, expected):
    found = watcher(options)
    found.see()
    (repository.folder / "src" / "deep").mkdir(parents=True)
    (repository.folder / "notes").mkdir()
    for name, path in (("code", "src/deep/a.py"), ("docs", "README.md"), ("more docs", "notes/b.md")):
        (repository.folder / path).write_text(name)
        git(repository.folder, "add", "--all")
        git(repository.folder, "commit", "--quiet", "-m", name)
    assert titles(found.see()) == expected
    assert found.see() == []


def test_branches_by_pattern(repository, watcher):
    found = watcher("?branch=release/*")
    assert found.see() == []
    repository.commit("on main")
    git(repository.folder, "switch", "--quiet", "-c", "release/1")
    repository.commit("on the branch")
    assert [(seen.data["title"], seen.data["branch"]) for seen in found.see()] == [
        ("on the branch", "release/1")
    ]


@pytest.mark.parametrize(
    ("options", "note"),
    [
        pytest.param(
            "?branch=topic", "has no branch topic", id="a branch by its name, which may be misspelt"
        ),
        pytest.param("?branch=release/*", None, id="branches of a pattern"),
        pytest.param("?tag=v*", None, id="tags of a pattern"),
        pytest.param("?tag=v1", None, id="a tag that is still to come"),
        pytest.param("?branch=topic&tag=v*", "has no branch topic", id="one that is missing of two"),
    ],
)
def test_what_is_missing_is_told_where_nothing_would_come(repository, watcher, options, note):
    found = watcher(options)
    for _ in range(2):
        assert found.see() == []
        assert found.note is None if note is None else found.note.endswith(note)
    git(repository.folder, "branch", "topic")
    git(repository.folder, "tag", "v1")
    found.see()
    assert found.note is None


def test_a_commit_that_two_watched_branches_have_is_one_event(repository, watcher):
    found = watcher("?branch=*")
    found.see()
    git(repository.folder, "switch", "--quiet", "-c", "topic")
    repository.commit("work")
    assert titles(found.see()) == ["work"]
    git(repository.folder, "switch", "--quiet", "main")
    git(repository.folder, "merge", "--quiet", "--ff-only", "topic")
    assert found.see() == []


def test_a_merge_is_one_event_of_its_branch(repository, watcher):
    found = watcher()
    found.see()
    git(repository.folder, "switch", "--quiet", "-c", "topic")
    repository.commit("one")
    repository.commit("two")
    git(repository.folder, "switch", "--quiet", "main")
    git(repository.folder, "merge", "--quiet", "--no-ff", "-m", "merge topic", "topic")
    assert titles(found.see()) == ["merge topic"]


def test_the_revision_of_the_connection_is_the_branch(repository, watcher):
    git(repository.folder, "branch", "production")
    found = watcher(revision="production")
    found.see()
    repository.commit("on main")
    assert found.see() == []
    git(repository.folder, "branch", "--force", "production", "main")
    assert titles(found.see()) == ["on main"]


def test_tags_instead_of_branches(repository, watcher):
    found = watcher("?tag=v*")
    found.see()
    repository.commit("second")
    git(repository.folder, "tag", "v1")
    git(repository.folder, "tag", "--annotate", "-m", "the second", "v2")
    git(repository.folder, "tag", "other")
    seen = found.see()
    assert [(one.label, one.data["tag"], one.data["sha"]) for one in seen] == [
        ("v1", "v1", repository.commits["second"]),
        ("v2", "v2", repository.commits["second"]),
    ]
    repository.commit("third")
    git(repository.folder, "tag", "--force", "v1")
    assert [(one.label, one.data["title"]) for one in found.see()] == [("v1", "third")]


class TestForcedPush:
    def test_only_commits_that_the_old_branch_did_not_have(self, repository, watcher):
        found = watcher()
        found.see()
        repository.commit("kept")
        repository.commit("thrown away")
        found.see()
        git(repository.folder, "reset", "--quiet", "--hard", repository.commits["kept"])
        repository.commit("instead")
        (seen,) = found.see()
        assert (seen.data["title"], seen.data["forced"]) == ("instead", True)
        assert seen.data["previous"] == repository.commits["thrown away"]

    def test_going_back_is_nothing_new(self, repository, watcher):
        found = watcher()
        found.see()
        repository.commit("second")
        found.see()
        git(repository.folder, "reset", "--quiet", "--hard", repository.commits["first"])
        assert found.see() == []

    def test_where_the_old_commits_are_gone_the_new_head_counts(self, repository, watcher, source_of):
        found = watcher()
        found.see()
        repository.commit("thrown away")
        found.see()
        git(repository.folder, "reset", "--quiet", "--hard", repository.commits["first"])
        repository.commit("one")
        repository.commit("two")
        git(repository.folder, "-c", "gc.reflogExpire=now", "reflog", "expire", "--expire=now", "--all")
        git(repository.folder, "gc", "--quiet", "--prune=now")
        again = Watcher(
            source_of(repository.url, mirrors="another machine"), KIND, "connections.code", found.cursor
        )
        assert titles(again.see()) == ["two"]

    def test_a_branch_that_was_deleted_and_comes_back_has_nothing_new(self, repository, watcher):
        git(repository.folder, "branch", "topic")
        found = watcher("?branch=topic")
        found.see()
        git(repository.folder, "branch", "-D", "topic")
        assert found.see() == []
        git(repository.folder, "branch", "topic", repository.commits["first"])
        assert found.see() == []


def test_a_repository_that_cannot_be_reached_is_one_sentence_and_then_goes_on(repository, watcher, tmp_path):
    found = watcher()
    found.see()
    repository.folder.rename(tmp_path / "elsewhere")
    with pytest.raises(WatchError, match=r"repository file://.*origin is not there \(git said: .*\)"):
        found.see()
    (tmp_path / "elsewhere").rename(repository.folder)
    repository.commit("meanwhile")
    assert titles(found.see()) == ["meanwhile"]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [pytest.param("s3", {"bucket": "s3://a"}, id="another kind"), pytest.param("git", {}, id="no url")],
)
def test_a_connection_that_is_no_repository(kind, settings, tmp_path):
    with pytest.raises(
        WatchError, match=r"connection 'code' is no git repository: it needs kind git and schema.url"
    ):
        GitSource(Place("code", kind, settings), tmp_path)


class TestOverHttps:
    def test_with_the_password_of_the_connection(self, repository, source_of):
        with serve(repository.folder.parent, login="ada:pass word") as (server, url):
            variables = {"POLYAXON_GIT_CREDENTIALS": "ada:pass%20word"}
            found = Watcher(source_of(f"{url}/origin/.git", variables), KIND, "connections.code")
            found.see()
            repository.commit("second")
            assert titles(found.see()) == ["second"]
            assert any(server.logins)

    def test_without_it_the_sentence_names_what_is_missing_and_no_secret(self, repository, source_of):
        with serve(repository.folder.parent, login="ada:secret") as (_, url):
            variables = {"POLYAXON_GIT_CREDENTIALS": "ada:wrong-password"}
            found = Watcher(source_of(f"{url}/origin/.git", variables), KIND, "connections.code")
            with pytest.raises(WatchError, match="refuses access") as raised:
                found.see()
            assert "wrong-password" not in str(raised.value)


def test_polls_of_a_repository_that_stands_still_fetch_nothing(repository, source_of, tmp_path):
    source = source_of(repository.url)
    assert not source.look([], None).is_same
    before = {
        path: path.stat().st_mtime_ns for path in (tmp_path / "mirrors").rglob("*") if path.suffix != ".lock"
    }
    assert source.look([], None).is_same
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_the_mirror_holds_no_file_contents(repository, source_of, tmp_path):
    git(repository.folder, "config", "uploadpack.allowFilter", "true")
    repository.commit("big", weights_bin="x" * 100_000)
    source_of(repository.url).look([], None)
    (mirror,) = (tmp_path / "mirrors").glob("*.git")
    listed = subprocess.run(
        ["git", "-C", mirror, "cat-file", "--batch-check", "--batch-all-objects"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "blob" not in listed.stdout


class TestOverSsh:
    @pytest.fixture
    def server(self, tmp_path):
        (tmp_path / "sshd").mkdir()
        with ssh_server(tmp_path / "sshd") as found:
            yield found

    def test_with_the_key_of_the_connection(self, server, repository, source_of):
        variables = {"id_rsa": server.key, "known_hosts": server.known_hosts}
        found = Watcher(source_of(f"{server.url}{repository.folder}", variables), KIND, "connections.code")
        found.see()
        repository.commit("second")
        assert titles(found.see()) == ["second"]

    def test_a_host_that_is_another_is_refused(self, server, repository, source_of):
        variables = {
            "id_rsa": server.key,
            "known_hosts": server.known_hosts.replace("AAAAC3Nza", "AAAAC3Nzb"),
        }
        found = Watcher(source_of(f"{server.url}{repository.folder}", variables), KIND, "connections.code")
        with pytest.raises(WatchError, match="is not the host that known_hosts names"):
            found.see()

    def test_without_a_key_the_sentence_says_so(self, server, repository, source_of):
        found = Watcher(source_of(f"{server.url}{repository.folder}"), KIND, "connections.code")
        with pytest.raises(WatchError, match=r"refuses access|is not the host"):
            found.see()
