"""`ref` of an event: what it is about, and with options after a `?` which part of that.

    ops.train                                      an operation of the same dag
    runs.0de53b5bf8b04a219d12a39c6b92bcce          one run
    dags.train                                     the runs of another polyaxonfile
    runs?query=metrics.val_auc:<0.8, project:fraud the runs that a query finds
    connections.code?branch=main&path=models/**    a repository, a store, a registry
    events.new-labels                              what others post under that name

Polyaxon's `ref` is any text, so that a file with options still passes its check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

ABOUT = ("ops", "runs", "dags", "connections", "events")
_PLAIN = " /*{}[]!:;.<>=|~-_()@+$'"  # what an option shows as it is
_FORM = re.compile(r"(?P<about>[a-z_]+)(?:\.(?P<name>[^?]+))?(?:\?(?P<options>.*))?", re.DOTALL)


@dataclass(frozen=True)
class Ref:
    """A `ref`, taken apart."""

    about: str  # one of ABOUT
    name: str  # of the operation, run, dag, connection or event; "" where the options say it all
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # in the order of the text

    def option(self, name: str, default: str = "") -> str:
        """The value of an option that is given once."""
        return self.options.get(name, (default,))[-1]

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        """The ref in its one spelling: options sorted, so that equal ones read the same."""
        subject = f"{self.about}.{self.name}" if self.name else self.about
        pairs = (
            f"{name}={_shown(name, value)}" for name in sorted(self.options) for value in self.options[name]
        )
        options = "&".join(pairs)
        return f"{subject}?{options}" if options else subject


def parse_ref(text: str) -> Ref:
    """Take a `ref` apart. Raises ValueError with a sentence on what is wrong and what is known.

    >>> parse_ref("connections.code?branch=main&path=src/**,*.yaml").options
    {'branch': ('main',), 'path': ('src/**', '*.yaml')}
    """
    if "{{" in text:
        raise ValueError(f"ref '{text}' is written without braces: {_without_braces(text)}")
    found = _FORM.fullmatch(text.strip())
    if found is None or found["about"] not in ABOUT:
        raise ValueError(
            f"ref '{text}' begins with one of {', '.join(ABOUT)}, as in ops.NAME or connections.NAME"
        )
    ref = Ref(found["about"], found["name"] or "", _options(text, found["options"] or ""))
    if not ref.name and not (ref.about == "runs" and "query" in ref.options):
        raise ValueError(f"ref '{text}' names nothing; write {ref.about}.NAME{_or_query(ref.about)}")
    return ref


def _options(ref: str, text: str) -> dict[str, tuple[str, ...]]:
    options: dict[str, tuple[str, ...]] = {}
    for pair in filter(None, text.split("&")):
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise ValueError(f"ref '{ref}' has an option without a value: '{pair}'; write {name}=VALUE")
        values = [value] if name == "query" else value.split(",")
        options[name] = options.get(name, ()) + tuple(unquote(part.strip()) for part in values)
    return options


def _shown(name: str, value: str) -> str:
    return quote(value, safe=_PLAIN + "," * (name == "query"))


def _or_query(about: str) -> str:
    return " or runs?query=..." if about == "runs" else ""


def _without_braces(text: str) -> str:
    return re.sub(r"[{}\s]", "", text)
