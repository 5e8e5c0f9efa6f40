"""How git gets at a repository: credentials from the environment, in files that only this user can read.

They never stand in git's arguments, in the checkout's configuration or in a log, and only the repository's own host
is offered them, so a submodule from elsewhere cannot ask for them.

    POLYAXON_GIT_CREDENTIALS        user:token, with %-escapes as in a URL
    POLYAXON_GIT_CREDENTIALS_STORE  a file as `git credential-store` keeps it
    POLYAXON_SSH_PATH               a folder with a private key, and perhaps with known_hosts
    POLYAXON_SSH_PRIVATE_KEY        the file name of the key, id_rsa by default
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from polyaxon_airflow.errors import InitError
from polyaxon_airflow.init.codes import MISSING, USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCP_LIKE = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)")  # git@host:owner/repository
_HOST = re.compile(r"[\w.:\[\]-]+")


@dataclass(frozen=True)
class Access:
    """A repository's address without credentials, and how git's environment gives it those."""

    url: str
    variables: Mapping[str, str]
    secrets: tuple[str, ...]  # texts that no message may show

    def without_secrets(self, text: str) -> str:
        """`text` as it may be shown."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def make_access(url: str, folder: Path, variables: Mapping[str, str] = os.environ) -> Access:
    """Prepare access to a url; `folder` is an empty one for private files, `variables` hold the credentials.

    Raises InitError.
    """
    plain, login = _split_login(_checked(url))
    given = variables.get("POLYAXON_GIT_CREDENTIALS")
    if given:
        login = _login(given)
    lines = [f"[include]\n\tpath = {path}\n" for path in ("~/.config/git/config", "~/.gitconfig")]
    store = variables.get("POLYAXON_GIT_CREDENTIALS_STORE")
    if login:
        store = str(_write(folder / "credentials", _store_lines(plain, login)))
    if store:
        lines.append(_use_store(plain, store))
    ssh = None if store else variables.get("POLYAXON_SSH_PATH")
    if ssh:
        lines.append(_over_ssh(plain))
    environment = {
        "GIT_CONFIG_GLOBAL": str(_write(folder / "config", "".join(lines))),
        "GIT_TERMINAL_PROMPT": "0",  # a missing password is an error, not a wait
        "GIT_ASKPASS": "",
        "GIT_SSH_COMMAND": _ssh_command(ssh, folder, variables),
        "LC_ALL": "C",  # messages are read
    }
    return Access(
        plain, environment, tuple(text for part in login for text in {part, quote(part, safe="")} if text)
    )


def _checked(url: str) -> str:
    if url.startswith("-") or any(ord(letter) < 32 for letter in url):  # below 32: control characters
        raise InitError("the url of git is no address of a repository", USAGE)
    if "://" not in url and not _SCP_LIKE.fullmatch(url) and not url.startswith("/"):
        raise InitError(f"the url of git, '{url}', names no host. Write https://..., or file:///...", USAGE)
    # For a plain path git would copy the whole history.
    return f"file://{url}" if url.startswith("/") else url


def _split_login(url: str) -> tuple[str, tuple[str, ...]]:
    """The url without a password in it, and that login."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return url, ()
    login, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=host).geturl(), _login(login)


def _login(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    # A token alone: GitHub takes any user name beside it, GitLab this one.
    return (unquote(user), unquote(password)) if colon else ("oauth2", unquote(text))


def _https_host(url: str) -> tuple[str, str, str | None]:
    """Scheme and host under which a url's host takes a password, and the user of an ssh address."""
    if "://" not in url:
        host, user = url.partition(":")[0], None
        user, _, host = ("", "", host) if "@" not in host else host.partition("@")
        return "https", host, user or "git"
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme in ("http", "https"):
        return parts.scheme, host, None
    return "https", parts.hostname or "", parts.username or "git"


def _store_lines(url: str, login: tuple[str, ...]) -> str:
    scheme, host, _ = _https_host(url)
    user, password = (quote(part, safe="") for part in login)
    return f"{scheme}://{user}:{password}@{host}\n"


def _use_store(url: str, store: str) -> str:
    """Configuration: passwords from a file for the url's host, which is reached over https even if written for ssh."""
    scheme, host, user = _https_host(url)
    if not _HOST.fullmatch(host):
        return ""
    helper = f"store --file={shlex.quote(store)}".replace("\\", "\\\\").replace('"', '\\"')
    text = f'[credential "{scheme}://{host}"]\n\thelper =\n\thelper = "{helper}"\n'
    if user is not None:
        instead = "".join(
            f"\tinsteadOf = {address}\n" for address in (f"{user}@{host}:", f"ssh://{user}@{host}/")
        )
        text += f'[url "{scheme}://{host}/"]\n{instead}'
    return text


def _over_ssh(url: str) -> str:
    """Configuration: the url's host is reached over ssh even if written for https, as in Polyaxon."""
    scheme, host, user = _https_host(url)
    if user is not None or not _HOST.fullmatch(host):
        return ""
    return f'[url "git@{host.partition(":")[0]}:"]\n\tinsteadOf = {scheme}://{host}/\n'


def _ssh_command(path: str | None, folder: Path, variables: Mapping[str, str]) -> str:
    words = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30"]
    if path is None:
        return shlex.join(words)
    key = Path(path) / variables.get("POLYAXON_SSH_PRIVATE_KEY", "id_rsa")
    if not key.is_file():
        raise InitError(
            f"there is no private key at '{key}'. Name its file in POLYAXON_SSH_PRIVATE_KEY", MISSING
        )
    # ssh refuses keys that others can read, as mounted secrets are.
    copy = _write(folder / "key", key.read_text())
    hosts = Path(path) / "known_hosts"
    trust = ("yes", hosts) if hosts.is_file() else ("accept-new", folder / "known_hosts")
    words += ["-i", str(copy), "-o", "IdentitiesOnly=yes"]
    return shlex.join(
        [*words, "-o", f"StrictHostKeyChecking={trust[0]}", "-o", f"UserKnownHostsFile={trust[1]}"]
    )


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
