"""The options of a step as command-line arguments, such that every runner hands them over unharmed.

Kubernetes replaces `$(NAME)` and `$$` in arguments, Linux takes no argument above 128 KiB, and the process runner
replaces mount paths where they stand as words. So the options are JSON without a dollar sign, with line breaks as
they are, cut into pieces.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import InitError
from polyaxon_airflow.init.codes import USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LONGEST = 30_000  # characters of a piece: at most four bytes each
MOST = 900_000  # bytes of all pieces: a pod is stored in one object of at most 1.5 MB

_ESCAPES = {'"': '\\"', "\\": "\\\\", "$": "\\u0024", "\0": "\\u0000"}


def encode(options: Mapping[str, Any]) -> list[str]:
    r"""The arguments that stand for options. Raises InitError above about 0.9 MB.

    >>> encode({"content": "echo $HOME"})
    ['{"content": "echo \\u0024HOME"}']
    """
    text = _written(options)
    if len(text.encode()) > MOST:
        raise InitError(
            f"an init entry of {len(text.encode()) // 1000} kB is too large to be passed to its container. "
            "Put the content in a repository or in the artifacts store",
            USAGE,
        )
    return list(_pieces(text))


def decode(arguments: Sequence[str]) -> dict[str, Any]:
    """The options that arguments stand for. Raises InitError if they are no JSON object."""
    try:
        options = json.loads("".join(arguments), strict=False)
    except ValueError as error:
        raise InitError(f"the options are no JSON: {error}", USAGE) from error
    if not isinstance(options, dict):
        raise InitError("the options must be a JSON object", USAGE)
    return options


def _written(value: Any) -> str:
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(letter, letter) for letter in value) + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(key)}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value)


def _pieces(text: str) -> Iterator[str]:
    """Cut at ends of lines where there are any, so that no path is cut in two."""
    while len(text) > LONGEST:
        end = text.rfind("\n", 1, LONGEST) + 1 or LONGEST
        yield text[:end]
        text = text[end:]
    yield text
