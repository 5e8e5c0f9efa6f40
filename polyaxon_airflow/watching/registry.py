"""Images that appear in a registry, or move: `connection_registry_image`.

    ?image=team/app        the repository in the registry
    ?tag=latest            a tag: each digest it comes to is an event
    ?tag=v*                a pattern: each new tag is an event; without a tag, all tags
    ?existing=true         what is there at the first poll counts too

Any registry that speaks the OCI distribution API (Docker's, GitHub's, Google's, Amazon's, Harbor), with no login, a
password, or a token that it hands out for one.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request, urlopen

from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.events.patterns import Pattern
from polyaxon_airflow.events.watches import Occurrence, Watch
from polyaxon_airflow.watching import Place, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime
    from email.message import Message

    Headers = Message[str, str]

KIND = "connection_registry_image"
TIMEOUT = 30.0  # seconds for one answer
_PAGE = 1000  # tags in one answer
_MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")


class RegistrySource:
    """The images of one registry."""

    def __init__(self, place: Place) -> None:
        """Raises WatchError for a connection that is no registry."""
        url = str(place.settings.get("url") or "")
        if place.kind != "registry" or not url:
            raise WatchError(
                f"connection '{place.name}' is no registry: it needs kind registry and schema.url"
            )
        self._registry = Registry(
            _base(url, insecure=bool(place.settings.get("insecure"))), _login(url, place.variables)
        )

    def look(self, watches: Collection[Watch], now: datetime) -> RegistryView:  # noqa: ARG002 - registries keep no time
        tags = {
            image: self._registry.tags(image) for image in {watch.ref.option("image") for watch in watches}
        }
        named = {(watch.ref.option("image"), tag) for watch in watches for tag in _literal_tags(watch)}
        digests = {
            (image, tag): self._registry.digest(image, tag) for image, tag in named if tag in tags[image]
        }
        return RegistryView(self._registry, tags, digests)

    def close(self) -> None:
        self._registry.forget()


@dataclass(frozen=True)
class RegistryView:
    """The tags of each image, and the digests of those that watches name."""

    registry: Registry
    tags: Mapping[str, frozenset[str]]
    digests: Mapping[tuple[str, str], str]

    def is_same_for(self, watch: Watch) -> bool:  # noqa: ARG002 - to tell costs as much as a step
        return False

    def step(self, watch: Watch, cursor: Any) -> Step | None:
        image, known = watch.ref.option("image"), (cursor or {}).get("tags", {})
        present = dict(self._present(watch))
        note = None if present else f"{self.registry.url} has no {image} with a tag {', '.join(_tags(watch))}"
        moved = {"tags": {**known, **present}}
        if moved == cursor:
            return None if note is None else Step((), cursor, note)
        is_baseline = cursor is None and not watch.wants_existing
        fresh = [] if is_baseline else [tag for tag in sorted(present) if present[tag] != known.get(tag)]
        return Step(
            tuple(self._occurrence(image, tag, present[tag], known.get(tag)) for tag in fresh), moved, note
        )

    def _present(self, watch: Watch) -> Iterator[tuple[str, str]]:
        """Tags that a watch means, with the digest where the watch names the tag, else with none."""
        image, literal = watch.ref.option("image"), _literal_tags(watch)
        patterns = [Pattern(text) for text in _tags(watch)]
        for tag in self.tags.get(image, ()):
            if any(pattern.match(tag) is not None for pattern in patterns):
                yield tag, self.digests.get((image, tag), "") if tag in literal else ""

    def _occurrence(self, image: str, tag: str, digest: str, previous: str | None) -> Occurrence:
        digest = digest or self.registry.digest(image, tag)
        reference = f"{urlsplit(self.registry.url).netloc}/{image}"
        data = {
            "image": image,
            "tag": tag,
            "digest": digest,
            "previous": previous or None,
            "reference": f"{reference}:{tag}",
            "pinned": f"{reference}@{digest}",
        }
        return Occurrence(f"{tag}@{digest}", KIND, f"{image}-{tag}", data)


class Registry:
    """The distribution API of one registry. Every method raises WatchError."""

    def __init__(self, url: str, login: str | None) -> None:
        """`login`: `user:password`, or None."""
        self.url = url
        self._login = login
        self._tokens: dict[str, str] = {}  # by image

    def tags(self, image: str) -> frozenset[str]:
        """All tags of an image; none if the registry has never heard of it."""
        found: set[str] = set()
        path: str | None = f"/v2/{image}/tags/list?n={_PAGE}"
        while path:
            answer = self._ask("GET", path, image)
            if answer is None:
                break
            headers, body = answer
            found.update(json.loads(body).get("tags") or ())
            path = _next_page(headers.get("Link"), path)
        return frozenset(found)

    def digest(self, image: str, tag: str) -> str:
        """The digest of what a tag stands for, "" if it has gone."""
        answer = self._ask("HEAD", f"/v2/{image}/manifests/{tag}", image)
        if answer is None:
            return ""
        given = answer[0].get("Docker-Content-Digest")
        if given:
            return given
        answer = self._ask("GET", f"/v2/{image}/manifests/{tag}", image)  # the header is optional
        return "" if answer is None else f"sha256:{sha256(answer[1]).hexdigest()}"

    def forget(self) -> None:
        """Forget the tokens."""
        self._tokens.clear()

    def _ask(self, method: str, path: str, image: str) -> tuple[Headers, bytes] | None:
        """Headers and body; None if there is no such thing. Shows what the registry wants to see when it says so."""
        try:
            return self._send(method, path, image)
        except _ChallengeError as challenge:
            self._tokens[image] = self._answer(challenge.wanted, image)
        try:
            return self._send(method, path, image)
        except _ChallengeError as challenge:
            raise WatchError(_refusal(self.url, image, 401)) from challenge

    def _send(self, method: str, path: str, image: str) -> tuple[Headers, bytes] | None:
        request = Request(urljoin(self.url, path), method=method, headers=self._headers(image))  # noqa: S310
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - the scheme is checked in _base
                return answer.headers, answer.read()
        except HTTPError as error:
            with error:
                if error.code == 404:
                    return None
                if error.code == 401:
                    raise _ChallengeError(error.headers.get("WWW-Authenticate") or "") from error
                raise WatchError(_refusal(self.url, image, error.code)) from error
        except (URLError, TimeoutError, ConnectionError) as error:
            raise WatchError(
                f"registry {self.url} does not answer: {getattr(error, 'reason', error)}"
            ) from error

    def _headers(self, image: str) -> dict[str, str]:
        return {
            "Accept": _MANIFESTS,
            **({"Authorization": self._tokens[image]} if image in self._tokens else {}),
        }

    def _answer(self, wanted: str, image: str) -> str:
        """The `Authorization` that a challenge asks for."""
        scheme, _, rest = wanted.partition(" ")
        basic = f"Basic {b64encode(self._login.encode()).decode()}" if self._login else ""
        if scheme.lower() == "bearer":
            return f"Bearer {self._bearer(dict(_CHALLENGE.findall(rest)), image, basic)}"
        if not basic:
            raise WatchError(_refusal(self.url, image, 401))
        return basic

    def _bearer(self, challenge: Mapping[str, str], image: str, basic: str) -> str:
        asked = {
            "service": challenge.get("service", ""),
            "scope": challenge.get("scope") or f"repository:{image}:pull",
        }
        url = f"{challenge.get('realm', '')}?{urlencode(asked)}"
        if not url.startswith(("https://", "http://")):
            raise WatchError(f"registry {self.url} sends to '{url}' for a token, which is no address")
        request = Request(url, headers={"Authorization": basic} if basic else {})  # noqa: S310 - checked above
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                found = json.loads(answer.read())
        except HTTPError as error:
            with error:
                raise WatchError(_refusal(self.url, image, error.code)) from error
        except (URLError, TimeoutError, ConnectionError, ValueError) as error:
            raise WatchError(
                f"registry {self.url} hands out no token: {getattr(error, 'reason', error)}"
            ) from error
        return str(found.get("token") or found.get("access_token") or "")


class _ChallengeError(Exception):
    """A registry wants to see something first."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted


def _base(url: str, *, insecure: bool) -> str:
    """The address of the API: `https` unless the connection says otherwise."""
    scheme, found, host = url.rpartition("://")
    scheme = scheme if found else ("http" if insecure else "https")
    if scheme not in ("http", "https"):
        raise WatchError(f"registry '{url}' is reached over http or https")
    host = host.rstrip("/")
    return f"{scheme}://{'registry-1.docker.io' if host in _DOCKER_HUB else host}"


def _login(url: str, variables: Mapping[str, str]) -> str | None:
    """The login that Docker's configuration has for the registry."""
    from base64 import b64decode

    auths = json.loads(variables.get("config.json") or "{}").get("auths", {})
    host = url.rpartition("://")[2].rstrip("/")
    entry = auths.get(url) or auths.get(host) or {}
    return b64decode(entry["auth"]).decode() if entry.get("auth") else None


def _next_page(link: str | None, path: str) -> str | None:
    found = re.match(r"<([^>]+)>;\s*rel=\"?next\"?", link or "")
    return urljoin(path, found[1]) if found else None


def _tags(watch: Watch) -> tuple[str, ...]:
    return watch.ref.options.get("tag", ("*",))


def _literal_tags(watch: Watch) -> frozenset[str]:
    return frozenset(tag for tag in _tags(watch) if Pattern(tag).is_literal)


def _refusal(url: str, image: str, code: int) -> str:
    if code in (401, 403):
        return f"registry {url} refuses access to {image}; the connection needs a login that may pull it"
    if code == 429:
        return f"registry {url} has been asked too often (429); poll it less, with every=... in the ref"
    return f"registry {url} answers {code} for {image}"
