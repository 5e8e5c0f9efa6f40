"""How polyaxonfiles are spread over stubs, the Python files that Airflow's dag-processor lists and parses.

One stub a file costs the dag-processor a process a file; one stub for all dies whole when one file hangs. So
a stub holds a shard: the files of one folder, at most about `LIMIT`; and a file that does not load, or that
Airflow cannot serialise, sits in a stub of its own, where its error is its own (design D2).
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LIMIT = 100  # files in a stub


def stubs_for(files: Iterable[str], alone: Collection[str] = ()) -> dict[str, list[str]]:
    """Stub path -> the polyaxonfiles in it; all paths relative to the dags folder, with forward slashes.

    A file keeps its stub while its folder has room, whatever happens to its neighbours.

    >>> stubs_for(["a.yaml", "b.yaml", "deep/c.yaml"], alone=["b.yaml"])
    {'polyaxonfiles_0.py': ['a.yaml'], 'deep/polyaxonfiles_0.py': ['deep/c.yaml'], 'b.yaml.py': ['b.yaml']}
    """
    folders: dict[str, list[str]] = {}
    lonely = []
    for file in sorted(files):
        if file in alone:
            lonely.append(file)
        else:
            folders.setdefault(str(PurePosixPath(file).parent), []).append(file)
    stubs: dict[str, list[str]] = {}
    for folder, members in folders.items():
        count = -(-len(members) // LIMIT)
        for file in members:
            name = f"polyaxonfiles_{_bucket(file, count)}.py"
            stubs.setdefault(name if folder == "." else f"{folder}/{name}", []).append(file)
    return stubs | {f"{file}.py": [file] for file in lonely}


def _bucket(file: str, count: int) -> int:
    return int.from_bytes(hashlib.blake2b(file.encode(), digest_size=8).digest(), "big") % count


def stub_text(files: Iterable[str], source: str, bundle: str) -> str:
    """The Python text of a stub. Airflow's safe mode looks for the words airflow and dag in it."""
    names = "".join(f"    {file!r},\n" for file in files)
    return (
        "# An airflow dag stub made by airflow-provider-polyaxon; changes are lost.\n"
        "from polyaxon_airflow.dag.load import load_stub\n\n"
        f"globals().update(load_stub(__file__, bundle={bundle!r}, source={source!r}, files=[\n{names}]))\n"
    )
