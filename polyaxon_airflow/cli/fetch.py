"""Fetch the components that polyaxonfiles refer to by url or from the hub, and pin them by their hashes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse
from urllib.request import HTTPRedirectHandler, Request, build_opener

from polyaxon_airflow.checking import polyaxonfiles
from polyaxon_airflow.polyaxonfile import fetching
from polyaxon_airflow.source import MAX_BYTES

if TYPE_CHECKING:
    import argparse

TIMEOUT = 30  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "root", type=Path, nargs="?", default=Path(), metavar="DAGS_FOLDER", help="by default here"
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="PATTERN",
        help="allow this too, besides what components/allowed.txt allows",
    )
    parser.add_argument("--hub", default=fetching.HUB, metavar="URL", help="where components of the hub are")
    parser.add_argument("--update", action="store_true", help="fetch again what is there already")


def run(arguments: argparse.Namespace) -> int:
    files = polyaxonfiles(arguments.root)
    fetched = fetching.fetch(
        arguments.root, files, download, allowed=arguments.allow, hub=arguments.hub, update=arguments.update
    )
    for result in fetched:
        print(f"{result.reference}: {result.file}{'' if result.is_new else ' (unchanged)'}")
    print(f"{len(fetched)} fetched from the references of {len(files)} files")
    return 0


def download(url: str) -> bytes:
    """The first bytes of what is at a url. Raises OSError, also when it leads to another host."""
    if urlparse(url).scheme not in ("https", "http"):
        raise OSError(f"'{urlparse(url).scheme}' is no scheme to fetch from")
    opener = build_opener(_SameHost(urlparse(url).netloc))
    with opener.open(Request(url), timeout=TIMEOUT) as response:  # noqa: S310 - the scheme is checked above
        content: bytes = response.read(MAX_BYTES + 1)
        return content


class _SameHost(HTTPRedirectHandler):
    """Follows redirects inside of the host that was allowed only."""

    def __init__(self, host: str) -> None:
        self.host = host

    def redirect_request(self, *arguments: Any) -> Request | None:
        url = arguments[-1]
        if urlparse(url).netloc != self.host:
            raise OSError(f"it leads to another host: {url}")
        return super().redirect_request(*arguments)
