"""docs/events.md: its polyaxonfiles and refs are right. What it runs on Airflow is run in tests/e2e/test_event_docs.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from polyaxon_airflow.events.families import FAMILIES
from polyaxon_airflow.events.waiting import Wanted, wanted_of
from polyaxon_airflow.events.watches import watch_of
from polyaxon_airflow.polyaxonfile.reading import read

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
TABLE = PAGE.partition("| kinds | `ref` | a run for |")[2].partition("\n\n")[0]


def kinds_of(cell):
    named = re.findall(r"`([a-z_*]+)`", cell)
    return ["run_status_failed" if name == "run_status_*" else name for name in named]


def refs_of(cell):
    """The refs of a cell; what begins with `?` or `&` goes on from the one before."""
    found = []
    for text in re.findall(r"`([^`]+)`", cell):
        if text.startswith(("?", "&")):
            base = found[-1].partition("?")[0] if text.startswith("?") else found[-1].rpartition("&")[0]
            found.append(base + text)
        elif re.match(r"(connections|runs|dags|events)\b", text):
            found.append(text)
    return [ref.replace("NAME", "x").replace("UUID", "0" * 32) for ref in found]


ROWS = [
    (kind, ref)
    for row in TABLE.splitlines()
    if row.startswith("| `")
    for kind in kinds_of(row.split(" | ")[0])
    for ref in refs_of(row.split(" | ")[1])
]


@pytest.mark.parametrize(("kind", "ref"), ROWS, ids=lambda text: text)
def test_every_ref_of_the_table_can_be_watched(kind, ref):
    assert watch_of([kind], ref).kinds == (kind,)


def test_the_table_has_every_family():
    assert {watch_of([kind], ref).family for kind, ref in ROWS} | {FAMILIES[1]} == set(FAMILIES)
    assert "`run_new_artifacts`" in TABLE


def test_the_tensorboard(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text(yaml.safe_dump(BLOCKS[0]))
    operations = read(file, root=tmp_path).operation.component.run.operations
    (event,) = operations[1].events
    assert wanted_of(event.kinds, event.ref) == Wanted("train", ("run_status_running",))


def test_the_commit():
    (event,) = BLOCKS[1]["events"]
    assert watch_of(event["kinds"], event["ref"]).ref.options == {
        "branch": ("main",),
        "path": ("models/**", "*.py"),
    }


def test_everything_said_to_work_everywhere_does():
    for option in ("every=5m", "existing=true", "coalesce=true"):
        assert f"`{option}`" in PAGE
    for family in (family for family in FAMILIES if "existing" in family.options):
        assert family.example
