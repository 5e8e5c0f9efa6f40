"""Commits and tags of a git repository: `connection_git_commit`.

One poll asks the repository for its refs, and fetches their history, without file contents, only if one has moved. So
any number of watches of a repository costs one `git ls-remote` a poll.

    ?branch=main          patterns of branches; without it the connection's `revision`, else the default branch
    ?tag=v*               patterns of tags, which then stand instead of branches
    ?path=src/**          only commits that touch such a file
    ?existing=true        the commits that the refs are at when they are first looked at count too

Of a branch, each commit that its first parents lead to is an event, oldest first: a merge is one event. After a forced
push those are the commits that the old branch did not have.
"""

from __future__ import annotations

import fcntl
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import InitError, WatchError
from polyaxon_airflow.events.patterns import Pattern
from polyaxon_airflow.events.watches import Occurrence, Watch
from polyaxon_airflow.init.git.access import make_access
from polyaxon_airflow.init.git.program import Git
from polyaxon_airflow.watching import Place, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

KIND = "connection_git_commit"
TIMEOUT = 300.0  # seconds that one git command may take
BRANCHES, TAGS = "refs/heads/", "refs/tags/"
_FIELDS = "%H%x1f%an%x1f%ae%x1f%cI%x1f%s%x1f%B%x1e"


class GitSource:
    """A repository, mirrored without file contents in a folder of this machine."""

    def __init__(self, place: Place, folder: Path) -> None:
        """`folder`: where mirrors are kept between restarts. Raises WatchError for a connection that is none."""
        url = str(place.settings.get("url") or "")
        if place.kind != "git" or not url:
            raise WatchError(
                f"connection '{place.name}' is no git repository: it needs kind git and schema.url"
            )
        self._private = tempfile.TemporaryDirectory(prefix="polyaxon-watch-")
        try:
            self._access = make_access(
                url, Path(self._private.name), _with_key_folder(place, Path(self._private.name))
            )
        except InitError as error:
            self._private.cleanup()
            raise WatchError(str(error)) from error
        self._git = Git(self._access, timeout=TIMEOUT)
        self._mirror = folder / f"{sha256(self._access.url.encode()).hexdigest()[:16]}.git"
        self._revision = str(place.settings.get("revision") or "")
        self._refs: Mapping[str, str] | None = None

    def look(self, watches: Collection[Watch], now: datetime) -> GitView:  # noqa: ARG002 - git keeps its own time
        try:
            listed = self._git.do("ls-remote", "--symref", "--", self._access.url)
            refs, default = _read_refs(listed)
            with _locked(self._mirror):
                self._fetch(refs)
        except InitError as error:
            raise WatchError(str(error)) from error
        is_same, self._refs = refs == self._refs, refs
        branch = self._revision or default
        return GitView(self._git, self._mirror, self._access.url, refs, branch, default, is_same=is_same)

    def close(self) -> None:
        self._private.cleanup()

    def _fetch(self, refs: Mapping[str, str]) -> None:
        if not (self._mirror / "HEAD").exists():
            self._git.do("init", "--quiet", "--bare", self._mirror)
        listing = ("for-each-ref", "--format=%(objectname)%09%(refname)", BRANCHES, TAGS)
        if _read_refs(self._git.do("-C", self._mirror, *listing))[0] != refs:
            self._git.do(
                "-C", self._mirror, "fetch", "--quiet", "--prune", "--force", "--no-tags", "--filter=blob:none",
                "--", self._access.url, f"+{BRANCHES}*:{BRANCHES}*", f"+{TAGS}*:{TAGS}*",
            )  # fmt: skip


@dataclass(frozen=True)
class GitView:
    """The refs of a repository, and a mirror that has their history."""

    git: Git
    mirror: Path
    url: str
    refs: Mapping[str, str]  # full name -> object
    branch: str  # that watches mean which name none
    default: str  # the repository's own default branch
    is_same: bool  # as the view before

    def is_same_for(self, watch: Watch) -> bool:  # noqa: ARG002
        return self.is_same

    def step(self, watch: Watch, cursor: Any) -> Step | None:
        wanted = {name: commit for name, commit in self.refs.items() if self._is_wanted(watch, name)}
        note = None if wanted else self._note(watch)
        moved = {**(cursor or {}), **wanted}  # a branch that is deleted and comes back has no new commits
        if cursor is not None and moved == cursor:
            return None if note is None else Step((), cursor, note)
        try:
            found = list(self._occurrences(watch, cursor, wanted))
        except InitError as error:
            raise WatchError(str(error)) from error
        return Step(tuple({occurrence.key: occurrence for occurrence in found}.values()), moved, note)

    def _note(self, watch: Watch) -> str | None:
        """A branch by its name is there, or misspelt; tags, and branches of a pattern, are waited for."""
        missing = [name for name in self._branches(watch) if Pattern(name).is_literal]
        return f"repository {self.url} has no branch {' and no branch '.join(missing)}" if missing else None

    def _branches(self, watch: Watch) -> tuple[str, ...]:
        options = watch.ref.options
        return options.get("branch", () if "tag" in options else (self.branch,))

    def _is_wanted(self, watch: Watch, name: str) -> bool:
        if name.startswith(TAGS):
            return any(
                Pattern(text).match(name.removeprefix(TAGS)) is not None
                for text in watch.ref.options.get("tag", ())
            )
        branch = name.removeprefix(BRANCHES)
        return any(Pattern(text).match(branch) is not None for text in self._branches(watch))

    def _occurrences(self, watch: Watch, cursor: Any, wanted: Mapping[str, str]) -> Iterator[Occurrence]:
        for name, commit in wanted.items():
            old = (cursor or {}).get(name)
            if old == commit or (cursor is None and not watch.wants_existing):
                continue
            if name.startswith(TAGS):
                yield from self._tag(name, commit)
            else:
                yield from self._commits(watch, name, commit, cursor)

    def _tag(self, name: str, commit: str) -> Iterator[Occurrence]:
        tag = name.removeprefix(TAGS)
        for data in self._log("-1", commit):
            yield Occurrence(f"{tag}@{data['sha']}", KIND, tag, {**data, "tag": tag, "ref": name})

    def _commits(self, watch: Watch, name: str, commit: str, cursor: Any) -> Iterator[Occurrence]:
        """The commits that a branch has gained, without those that another watched branch had before."""
        old = (cursor or {}).get(name)
        known = self._known(name, cursor)
        if self._has(old) if old else any(map(self._has, known)):
            paths = [f":(glob){path}" for path in watch.ref.options.get("path", ())]
            rows = self._log(
                "--first-parent", "--reverse", "--ignore-missing", commit, "--not", *known, "--", *paths
            )
        else:  # nothing tells what came before: the first look, or a history that is gone after a forced push
            rows = self._log("-1", commit)
        forced = old is not None and not self._is_ancestor(old, commit)
        for data in rows:
            more = {"branch": name.removeprefix(BRANCHES), "ref": name, "previous": old, "forced": forced}
            yield Occurrence(data["sha"], KIND, data["sha"][:12], {**data, **more})

    def _known(self, name: str, cursor: Any) -> list[str]:
        """Commits behind which nothing is new: where watched refs were, and for a new branch the default one."""
        if cursor is None:
            return []
        default = f"{BRANCHES}{self.default}"
        base = [self.refs[default]] if name not in cursor and name != default and default in self.refs else []
        return list(dict.fromkeys([*cursor.values(), *base]))

    def _log(self, *arguments: str) -> list[dict[str, Any]]:
        text = self.git.do("-C", self.mirror, "log", f"--format={_FIELDS}", *arguments)
        return [self._row(record) for record in text.split("\x1e") if record.strip()]

    def _row(self, record: str) -> dict[str, Any]:
        sha, author, email, at, title, message = record.strip("\n").split("\x1f")
        return {
            "sha": sha,
            "author": author,
            "email": email,
            "committed_at": at,
            "title": title,
            "message": message.strip(),
            "url": self.url,
        }

    def _is_ancestor(self, old: str, commit: str) -> bool:
        return self.git.try_to("-C", self.mirror, "merge-base", "--is-ancestor", old, commit) is not None

    def _has(self, commit: str) -> bool:
        return self.git.try_to("-C", self.mirror, "cat-file", "-e", f"{commit}^{{commit}}") is not None


def _read_refs(listed: str) -> tuple[dict[str, str], str]:
    """Branches and tags by name, and the branch that HEAD is."""
    refs, default = {}, "main"
    for line in listed.splitlines():
        value, _, name = line.partition("\t")
        if name == "HEAD" and value.startswith(f"ref: {BRANCHES}"):
            default = value.removeprefix(f"ref: {BRANCHES}")
        elif name.startswith((BRANCHES, TAGS)) and not name.endswith("^{}"):
            refs[name] = value
    return refs, default


def _with_key_folder(place: Place, folder: Path) -> Mapping[str, str]:
    """The credentials, with an ssh key that is given as text in a file."""
    if "id_rsa" not in place.variables:
        return place.variables
    keys = folder / "ssh"
    keys.mkdir(mode=0o700)
    for name in ("id_rsa", "known_hosts"):
        if place.variables.get(name):
            file = keys / name
            file.touch(mode=0o600)
            file.write_text(place.variables[name])
    return {**place.variables, "POLYAXON_SSH_PATH": str(keys)}


@contextmanager
def _locked(mirror: Path) -> Iterator[None]:
    """One process at a time: two triggerers of a machine share their mirrors."""
    mirror.parent.mkdir(parents=True, exist_ok=True)
    with mirror.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
