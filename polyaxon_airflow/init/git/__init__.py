"""`init: [{git: {url, revision, flags}}]`: a checkout at `<path>/<name of the repository or connection>`.

Shallow where the server allows it: the branch, tag or commit asked for, one commit deep, unless flags say otherwise.
A revision of another form (`main~2`, a short hash) needs the history, so it costs a whole clone.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.artifacts.lineage import Made, note
from polyaxon_airflow.artifacts.paths import inside
from polyaxon_airflow.errors import InitError
from polyaxon_airflow.init.codes import MISSING, REFUSED, TARGET, TEMPORARY
from polyaxon_airflow.init.git.access import Access, make_access
from polyaxon_airflow.init.git.flags import Flags, read_flags
from polyaxon_airflow.init.git.program import Git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Refs(NamedTuple):
    """What a repository says of a revision without being cloned."""

    head: bool  # whether its HEAD is a commit; not so in an empty repository
    named: bool  # whether it has a branch or a tag of the revision's name


def run(options: Mapping[str, Any]) -> str:
    """Check a repository out.

    Options: `url`, `revision`, `flags` as in the polyaxonfile; `to`, a folder, and `name`, that of the checkout in it;
    `run`, the run's directory. Credentials are in the environment, see `access`. Raises InitError and FilesError.
    """
    flags = read_flags(options.get("flags") or ())
    target = inside(Path(options["to"]), options["name"])
    with tempfile.TemporaryDirectory(prefix="polyaxon-git-") as folder:
        access = make_access(options["url"], Path(folder))
        git = Git(access)
        _check_replaceable(git, access, target)
        part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _check_out(git, access, part, options.get("revision"), flags)
            commit, head = _where(git, part)
            shutil.rmtree(target, ignore_errors=True)
            part.replace(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    summary = {"commit": commit, "head": head, "branch": head, "url": access.url, "is_dirty": False}
    if options.get("run"):
        note(Path(options["run"]), Made(commit, "coderef", None, summary, is_input=True))
    return f"checked out {commit[:12]} ({head}) of {access.url} in {target}"


def _check_replaceable(git: Git, access: Access, target: Path) -> None:
    """A retry finds the checkout of the attempt before it; anything else is not ours to remove."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if (target / ".git").exists() and git.try_to("-C", target, "remote", "get-url", "origin") == access.url:
        return
    raise InitError(
        f"'{target}' is there already and is no checkout of {access.url}. Give another path", TARGET
    )


def _check_out(git: Git, access: Access, part: Path, revision: str | None, flags: Flags) -> None:
    refs = _refs(git, access, revision)
    if revision is None and not refs.head:
        raise InitError(f"repository {access.url} is empty, or its HEAD is: name a revision", MISSING)
    if revision is None or refs.named:
        branch = () if revision is None else ("--branch", revision)
        git.reach("clone", *flags.clone, *flags.shallow, *branch, "--", access.url, part)
    elif not (_HASH.fullmatch(revision) and _fetch_commit(git, access, part, revision, flags)):
        _search_history(git, access, part, revision, flags)


def _refs(git: Git, access: Access, revision: str | None) -> Refs:
    names = () if revision is None else (f"refs/heads/{revision}", f"refs/tags/{revision}")
    lines = git.reach("ls-remote", "--", access.url, "HEAD", *names).splitlines()
    found = {line.partition("\t")[2] for line in lines}
    return Refs("HEAD" in found, any(name in found for name in names))


def _fetch_commit(git: Git, access: Access, part: Path, commit: str, flags: Flags) -> bool:
    """Only this commit; False if the server does not give single commits."""
    git.do("init", "--quiet", part)
    git.do("-C", part, "remote", "add", "origin", access.url)
    try:
        git.reach("-C", part, "fetch", *flags.fetch, *flags.shallow, "origin", commit)
    except InitError as error:
        if error.code in (TEMPORARY, REFUSED):
            raise
        shutil.rmtree(part)
        return False
    git.do("-C", part, "checkout", "--detach", commit)
    _update_submodules(git, part, flags)
    return True


def _search_history(git: Git, access: Access, part: Path, revision: str, flags: Flags) -> None:
    git.reach("clone", "--no-checkout", *flags.whole, "--", access.url, part)
    commit = _commit(git, part, revision) or _commit(git, part, f"origin/{revision}")
    if commit is None:
        raise InitError(
            f"{access.url} has no revision '{revision}'. "
            f"Branches: {_some(_names(git, part, 'remotes/origin'))}. Tags: {_some(_names(git, part, 'tags'))}",
            MISSING,
        )
    git.do("-C", part, "checkout", "--detach", commit)
    _update_submodules(git, part, flags)


def _commit(git: Git, part: Path, revision: str) -> str | None:
    return git.try_to(
        "-C", part, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )


def _update_submodules(git: Git, part: Path, flags: Flags) -> None:
    if flags.submodules:
        git.reach("-C", part, "submodule", "update", "--init", "--recursive")


def _where(git: Git, part: Path) -> tuple[str, str]:
    """The hash that is checked out, and its branch, or HEAD for none."""
    return git.do("-C", part, "rev-parse", "HEAD"), git.do("-C", part, "rev-parse", "--abbrev-ref", "HEAD")


def _names(git: Git, part: Path, kind: str) -> list[str]:
    depth = 3 if kind.startswith("remotes/") else 2
    refs = git.do("-C", part, "for-each-ref", f"--format=%(refname:lstrip={depth})", f"refs/{kind}")
    return [name for name in refs.splitlines() if name != "HEAD"]


def _some(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more
