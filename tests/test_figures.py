"""The figures in the docs are those of the JSON that benches have left."""

from pathlib import Path

from bench import figures

PAGE = Path(__file__).parents[1] / "docs" / "tuning.md"


def test_the_figures_of_tuning():
    assert figures.text() in PAGE.read_text()
