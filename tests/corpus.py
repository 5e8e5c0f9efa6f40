"""The corpus of polyaxonfiles with the official package's verdicts: a folder beside the repository, not in it.

It is looked for in `POLYAXON_CORPUS`, then as `shared/corpus/open` beside any folder above this checkout.
"""

import json
import os
from pathlib import Path

import pytest


def folder():
    """The folder of the corpus's open part, or None."""
    named = os.environ.get("POLYAXON_CORPUS")
    places = (
        [Path(named)] if named else [above / "shared" / "corpus" / "open" for above in Path(__file__).parents]
    )
    return next((place for place in places if place.is_dir()), None)


def rows(name):
    """The rows of one of its .jsonl files; none if the corpus is not here."""
    place = folder()
    return [json.loads(line) for line in (place / name).read_text().splitlines()] if place else []


def cases(name, keep=lambda row: True):
    """The rows as pytest params with their names; one skipped param if the corpus is not here."""
    params = [pytest.param(row, id=row["name"]) for row in rows(name) if keep(row)]
    reason = "the corpus is not here; set POLYAXON_CORPUS to its open folder"
    return params or [pytest.param({}, id="corpus", marks=pytest.mark.skip(reason=reason))]


def study(name):
    """A file of the study's data, parsed: `study("hypertune/random.json")`; skips the test if it is not here."""
    return json.loads(study_text(name))


def study_text(name):
    """The same as text."""
    named = os.environ.get("POLYAXON_STUDY")
    places = [Path(named)] if named else [above / "shared" / "data" for above in Path(__file__).parents]
    for place in places:
        if (place / name).exists():
            return (place / name).read_text()
    pytest.skip("the study's data is not here; set POLYAXON_STUDY to its data folder")
