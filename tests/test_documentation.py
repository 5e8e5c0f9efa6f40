"""Pages whose statements are about the package as a whole."""

import os
import re
from pathlib import Path

import pytest
import tomllib
from airflow.configuration import retrieve_configuration_description

from polyaxon_airflow.cli import main
from polyaxon_airflow.embedded import SMALL_BOX
from polyaxon_airflow.get_provider_info import DEFAULTS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def rows(page):
    """Cells of the rows of every table of a page."""
    lines = (ROOT / "docs" / page).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]


def test_the_layers_are_those_that_are_enforced():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    enforced = [set(layer.split(" | ")) for layer in linter["contracts"][0]["layers"]]
    drawn = [set(re.findall(r"`(\w+)`", row[0])) for row in rows("architecture.md")]
    assert drawn == enforced


def test_the_settings_of_a_small_box_are_those_of_the_embedded_airflow():
    told = {}
    for name, value, _ in rows("operations.md"):
        if found := re.fullmatch(r"`\[(\w+)\] (\w+)`", name):
            told[f"AIRFLOW__{found[1]}__{found[2]}".upper()] = value
    told["AIRFLOW__CORE__PARALLELISM"] = str(max(4, 2 * (os.cpu_count() or 2)))
    assert len(told) == 9
    assert told.items() <= SMALL_BOX.items()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_settings_that_exist(page):
    known = retrieve_configuration_description()
    for section, option in re.findall(r"\[(\w+)\] (\w+)", page.read_text()):
        assert option in (DEFAULTS if section == "polyaxon" else known[section]["options"]), (section, option)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[\w-]+)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_readme_leads_to_every_page():
    readme = (ROOT / "README.md").read_text()
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in readme] == []


def test_the_readme_shows_what_check_says(tmp_path, monkeypatch, capsys):
    (tmp_path / "dags").mkdir()
    text = (ROOT / "dags" / "search.yaml").read_text().replace("  concurrency: 4", "  concurency: 4")
    (tmp_path / "dags" / "search.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["check", "dags/search.yaml"]) == 1
    said = capsys.readouterr()
    shown = " ".join((ROOT / "README.md").read_text().split())
    assert " ".join((said.out + said.err).split()) in shown
