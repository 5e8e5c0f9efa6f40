"""Which YAML files of a folder are polyaxonfiles: a cheap look, since a dags folder holds other YAML too."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

SUFFIXES = (".yaml", ".yml", ".json")
ASIDE = ("presets", "components")  # folders at the top of a dags folder that hold parts, not DAGs
HEAD = 16384  # bytes that are looked at
KINDS = ("component", "operation")
TELLING = frozenset(
    {"run", "component", "hubRef", "pathRef", "urlRef", "container", "matrix", "cmd", "runPatch"}
)
FOREIGN = frozenset({"apiVersion", "services", "jobs", "openapi", "swagger", "repos"})


def is_polyaxonfile(path: Path, root: Path) -> bool:
    """Whether a file below `root` is to become a DAG, by its place, suffix and top-level keys."""
    place = PurePath(path).relative_to(root)
    if path.suffix not in SUFFIXES or (len(place.parts) > 1 and place.parts[0] in ASIDE):
        return False
    try:
        with path.open("rb") as file:
            return looks_like_polyaxonfile(file.read(HEAD))
    except OSError:
        return False


def looks_like_polyaxonfile(head: bytes) -> bool:
    r"""Whether the first bytes of a YAML or JSON file have top-level keys of a polyaxonfile.

    >>> looks_like_polyaxonfile(b"version: 1.1\nkind: component\nrun: {kind: job}")
    True
    >>> looks_like_polyaxonfile(b"apiVersion: v1\nkind: Pod")
    False
    """
    text = head.decode(errors="replace")
    keys = set(re.findall(r"""^(?:\{?\s*"|')?([A-Za-z_]\w*)["']?\s*:""", text, flags=re.MULTILINE))
    if text.lstrip().startswith("{"):
        keys = set(re.findall(r"""["']?([A-Za-z_]\w*)["']?\s*:""", text))
    if keys & FOREIGN:
        return False
    kind = re.search(r"""^\s*["'{]*\s*["']?kind["']?\s*:\s*["']?(\w+)""", text, flags=re.MULTILINE)
    preset = re.search(
        r"""^["'{]*\s*["']?isPreset["']?\s*:\s*(true|yes|on)\b""", text, flags=re.MULTILINE | re.IGNORECASE
    )
    if preset is not None:
        return False
    return (kind is not None and kind[1] in KINDS) or bool(keys & TELLING)
