"""The `flags` of a git source: those of `git clone` that cannot run a program."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.errors import InitError
from polyaxon_airflow.init.codes import USAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

# Flag -> whether it takes a value. Not here, since they run programs or write elsewhere: --upload-pack, --config,
# --template, --separate-git-dir, --reference.
DEPTHS = {"--depth": True, "--shallow-since": True, "--shallow-exclude": True, "--filter": True}
SUBMODULES = ("--recurse-submodules", "--recursive")
CLONE_ONLY = {
    "--single-branch": False,
    "--no-single-branch": False,
    "--recurse-submodules": False,
    "--recursive": False,
    "--remote-submodules": False,
    "--shallow-submodules": False,
    "--no-shallow-submodules": False,
}
ANYWHERE = {"--no-tags": False, "--jobs": True, "-j": True, "--quiet": False, "-q": False, "--verbose": False}
IGNORED = (
    "--experimental-fetch",
)  # Polyaxon's switch for fetching one commit, which is what happens here anyway


class Flags(NamedTuple):
    """The same flags as each command of git takes them."""

    clone: tuple[str, ...]  # `git clone`, without those of the depth
    fetch: tuple[str, ...]  # `git fetch`, without those of the depth
    shallow: tuple[str, ...]  # how much history, one commit where nothing was asked for
    whole: tuple[str, ...]  # `git clone` of all history
    submodules: bool


def read_flags(flags: Iterable[str]) -> Flags:
    """Sort flags. Raises InitError for those that are not allowed.

    >>> read_flags(["--depth 5", "--recurse-submodules"]).shallow
    ('--depth=5',)
    """
    given = list(_split(word for flag in flags for word in shlex.split(flag)))
    depths = tuple(text for name, text in given if name in DEPTHS)
    clone = tuple(text for name, text in given if name not in DEPTHS)
    return Flags(
        clone=clone,
        fetch=tuple(text for name, text in given if name in ANYWHERE),
        shallow=depths or ("--depth=1",),
        whole=(*clone, *(text for name, text in given if name == "--filter")),
        submodules=any(name in SUBMODULES for name, _ in given),
    )


def _split(words: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Pairs of a flag's name and the flag with its value in one word."""
    rest = iter(words)
    for word in rest:
        name, _, value = word.partition("=")
        if name in IGNORED:
            continue
        takes_value = _known(name)
        if takes_value and not value:
            value = next(rest, "")
        if takes_value and not value:
            raise InitError(f"flag '{name}' of git needs a value", USAGE)
        yield name, _written(name, value)


def _known(name: str) -> bool:
    known = {**DEPTHS, **CLONE_ONLY, **ANYWHERE}
    if name not in known:
        raise InitError(f"flag '{name}' of git is not allowed; allowed: {', '.join(sorted(known))}", USAGE)
    return known[name]


def _written(name: str, value: str) -> str:
    if not value:
        return name
    return f"{name}={value}" if name.startswith("--") else f"{name}{value}"
