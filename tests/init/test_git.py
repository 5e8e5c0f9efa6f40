import json

import pytest

from tests.init.gitserver import Repository, git, serve
from tests.init.steps import step


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """main: first, second, third; dev: second, side; tag v1 at second; annotated tag v2 at third."""
    repository = Repository(tmp_path_factory.mktemp("git") / "acme" / "code")
    repository.commit("first")
    repository.commit("second")
    git(repository.folder, "tag", "v1")
    git(repository.folder, "checkout", "--quiet", "-b", "dev")
    repository.commit("side")
    git(repository.folder, "checkout", "--quiet", "main")
    repository.commit("third")
    git(repository.folder, "tag", "-a", "v2", "-m", "two")
    return repository


def check_out(repository, folder, **options):
    return step("git", {"url": repository.url, "to": str(folder), "name": "code", **options})


@pytest.mark.parametrize(
    "case",  # revision, commit, branch, commits of history
    [
        pytest.param((None, "third", "main", 1), id="the default branch"),
        pytest.param(("dev", "side", "dev", 1), id="a branch"),
        pytest.param(("v1", "second", "HEAD", 1), id="a tag"),
        pytest.param(("v2", "third", "HEAD", 1), id="an annotated tag"),
        pytest.param(("HASH", "first", "HEAD", 1), id="a commit"),
        pytest.param(("SHORT", "first", "HEAD", 1), id="a short hash, which costs the history"),
        pytest.param(("main~1", "second", "HEAD", 2), id="a commit before a branch"),
        pytest.param(("dev~1", "second", "HEAD", 2), id="a commit before another branch"),
        pytest.param(("origin/dev", "side", "HEAD", 3), id="a remote branch"),
    ],
)
def test_revisions(repository, tmp_path, case):
    revision, commit, head, depth = case
    first = repository.commits["first"]
    revision = {"HASH": first, "SHORT": first[:9]}.get(revision, revision)
    done = check_out(repository, tmp_path, revision=revision)
    wanted = repository.commits[commit]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"git: checked out {wanted[:12]} ({head}) of {repository.url} in {tmp_path}/code\n"
    assert (tmp_path / "code/train.py").read_text() == f"# {commit}\n"
    assert git(tmp_path / "code", "rev-parse", "HEAD") == wanted
    assert git(tmp_path / "code", "status", "--porcelain") == ""
    assert len(git(tmp_path / "code", "rev-list", "HEAD").split()) == depth
    assert [path.name for path in tmp_path.iterdir()] == ["code"]


@pytest.mark.parametrize(
    ("flags", "revision", "depth"),
    [
        pytest.param(["--depth 2"], None, 2, id="a depth"),
        pytest.param(["--depth=2"], "main", 2, id="a depth with an equals sign"),
        pytest.param(
            ["--experimental-fetch", "--depth 2"], "HASH", 2, id="as Polyaxon's documentation writes it"
        ),
        pytest.param(["--depth 2147483647"], None, 3, id="all history"),
        pytest.param(["--single-branch", "--no-tags"], None, 1, id="others keep it shallow"),
    ],
)
def test_flags_that_say_how_much(repository, tmp_path, flags, revision, depth):
    revision = repository.commits["third"] if revision == "HASH" else revision
    done = check_out(repository, tmp_path, revision=revision, flags=flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(git(tmp_path / "code", "rev-list", "HEAD").split()) == depth


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        pytest.param({"revision": "v9"}, 66, "has no revision 'v9'. Branches: dev, main. Tags: v1, v2", id="unknown"),
        pytest.param({"revision": "0" * 40}, 66, f"has no revision '{'0' * 40}'. Branches: ", id="unknown commit"),
        pytest.param({"flags": ["--upload-pack=touch x"]}, 64, "flag '--upload-pack' of git is not allowed; allowed: ",
                     id="a flag that runs programs"),
        pytest.param({"flags": ["-c core.sshCommand=x"]}, 64, "flag '-c' of git is not allowed; ", id="configuration"),
        pytest.param({"flags": ["--depth"]}, 64, "flag '--depth' of git needs a value", id="a flag without its value"),
        pytest.param({"url": "--upload-pack=x"}, 64, "the url of git is no address of a repository", id="a flag as url"),
        pytest.param({"url": "code"}, 64, "names no host. Write https://..., or file:///", id="a relative path"),
        pytest.param({"url": "file:///none"}, 66, "repository file:///none is not there (git said: ", id="no repository"),
        pytest.param({"url": "ext::sh -c id"}, 66, "transport 'ext' not allowed", id="a transport that runs programs"),
        pytest.param({"name": "../code"}, 64, "path '../code' leaves its folder", id="a target elsewhere"),
    ],
)  # fmt: skip
def test_what_is_refused(repository, tmp_path, options, code, sentence):
    done = check_out(repository, tmp_path, **options)
    assert done.returncode == code
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_git_that_is_missing_is_named(repository, tmp_path):
    done = step("git", {"url": repository.url, "to": str(tmp_path), "name": "code"}, PATH="/none")
    assert (done.returncode, done.stderr) == (
        72,
        "git: git is not installed here. Use an image, or a machine, that has it\n",
    )


def test_an_empty_repository_is_named(tmp_path):
    done = check_out(Repository(tmp_path / "empty"), tmp_path)
    assert done.returncode == 66
    assert "is empty, or its HEAD is: name a revision" in done.stderr


def test_a_host_that_does_not_answer_is_worth_a_retry(tmp_path):
    done = step("git", {"url": "http://127.0.0.1:9/acme/code", "to": str(tmp_path), "name": "code"})
    assert done.returncode == 75
    assert done.stderr.startswith(
        "git: repository http://127.0.0.1:9/acme/code cannot be reached (git said: "
    )


def test_a_retry_replaces_the_checkout_of_the_attempt_before(repository, tmp_path):
    assert check_out(repository, tmp_path, revision="v1").returncode == 0
    (tmp_path / "code/leftover").touch()
    assert check_out(repository, tmp_path, revision="dev").returncode == 0
    assert sorted(path.name for path in (tmp_path / "code").iterdir()) == [".git", "train.py"]
    assert (tmp_path / "code/train.py").read_text() == "# side\n"


def test_a_folder_of_somebody_else_is_left_alone(repository, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code/precious").touch()
    done = check_out(repository, tmp_path)
    assert done.returncode == 73
    assert "is there already and is no checkout of file://" in done.stderr
    assert (tmp_path / "code/precious").exists()


def test_the_run_knows_its_code(repository, tmp_path):
    assert check_out(repository, tmp_path, revision="dev", run=str(tmp_path / "run")).returncode == 0
    (noted,) = map(json.loads, (tmp_path / "run/lineages.init.jsonl").read_text().splitlines())
    commit = repository.commits["side"]
    summary = {"commit": commit, "head": "dev", "branch": "dev", "url": repository.url, "is_dirty": False}
    assert noted == {"name": commit, "kind": "coderef", "path": None, "summary": summary, "is_input": True}


class TestOverHttp:
    """A server that asks for a password: user `ada`, password `s3cret/x`."""

    LOGIN = "ada:s3cret/x"

    @pytest.fixture
    def server(self, repository):
        with serve(repository.folder.parent, self.LOGIN) as (server, url):
            yield server, f"{url}/code"

    def check_out(self, url, folder, **variables):
        return step("git", {"url": url, "to": str(folder), "name": "code"}, **variables)

    def everything_below(self, folder):
        return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())

    @pytest.mark.parametrize("login", ["ada:s3cret/x", "ada:s3cret%2Fx"])
    def test_credentials_of_the_environment(self, server, tmp_path, login):
        done = self.check_out(server[1], tmp_path, POLYAXON_GIT_CREDENTIALS=login)
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / "code/train.py").read_text() == "# third\n"
        assert git(tmp_path / "code", "remote", "get-url", "origin") == server[1]
        assert b"s3cret" not in done.stdout.encode() + self.everything_below(tmp_path)

    def test_credentials_in_the_url_are_used_and_not_kept(self, server, tmp_path):
        done = self.check_out(server[1].replace("//", "//ada:s3cret%2Fx@"), tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert git(tmp_path / "code", "remote", "get-url", "origin") == server[1]
        assert b"s3cret" not in done.stdout.encode() + self.everything_below(tmp_path)

    def test_a_store_of_credentials(self, server, tmp_path):
        store = tmp_path / "my store"
        store.write_text(server[1].replace("//", "//ada:s3cret%2Fx@").removesuffix("/code") + "\n")
        done = self.check_out(server[1], tmp_path / "to", POLYAXON_GIT_CREDENTIALS_STORE=str(store))
        assert (done.returncode, done.stderr) == (0, "")

    def test_an_address_for_ssh_is_reached_over_https(self, tmp_path):
        """The host does not answer, which shows how it was asked."""
        done = self.check_out("git@127.0.0.1:acme/code", tmp_path, POLYAXON_GIT_CREDENTIALS="ada:s3cret")
        assert done.returncode == 75
        assert "https://127.0.0.1/acme/code" in done.stderr
        assert "s3cret" not in done.stderr

    @pytest.mark.parametrize("login", [None, "ada:wr0ng", "wr0ng"])
    def test_a_refusal_says_what_to_give_and_no_secret(self, server, tmp_path, login):
        done = self.check_out(server[1], tmp_path, **({"POLYAXON_GIT_CREDENTIALS": login} if login else {}))
        assert done.returncode == 77
        assert done.stderr.startswith(f"git: repository {server[1]} refuses access (git said: ")
        assert "Give the git entry a connection that holds a token" in done.stderr
        assert "wr0ng" not in done.stderr
        assert list(tmp_path.iterdir()) == []

    def test_a_repository_that_is_not_there(self, server, tmp_path):
        done = self.check_out(f"{server[1]}x", tmp_path, POLYAXON_GIT_CREDENTIALS=self.LOGIN)
        assert done.returncode == 66
        assert f"repository {server[1]}x is not there" in done.stderr


def test_submodules_come_by_flag_and_never_get_credentials_of_another_host(tmp_path):
    inner = Repository(tmp_path / "inner" / "lib")
    inner.commit("inner", lib_py="lib\n")
    outer = Repository(tmp_path / "outer" / "code")
    outer.commit("outer")
    with (
        serve(tmp_path / "inner") as (inner_server, inner_url),
        serve(tmp_path / "outer", "ada:pw") as (_, url),
    ):
        git(outer.folder, "submodule", "--quiet", "add", f"{inner_url}/lib", "lib")
        outer.commit("with submodule", train_py="x\n")
        inner_server.logins.clear()
        for name, flags, files in (("plain", [], []), ("deep", ["--recurse-submodules"], [".git", "lib.py"])):
            for revision in (None, outer.commits["with submodule"]):
                folder = tmp_path / name / str(revision)
                options = {"url": f"{url}/code", "to": str(folder), "name": "code", "flags": flags}
                done = step("git", {**options, "revision": revision}, POLYAXON_GIT_CREDENTIALS="ada:pw")
                assert (done.returncode, done.stderr) == (0, "")
                assert sorted(path.name for path in (folder / "code/lib").iterdir()) == files
    assert inner_server.logins
    assert set(inner_server.logins) == {None}
