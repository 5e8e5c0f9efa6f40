"""The examples of docs/schedules.md, and what the page says of them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

from polyaxon_airflow.schedules import SCHEDULE, planned

UTC = timezone.utc
PAGE = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text()
EXAMPLES = [yaml.safe_load(text)["schedule"] for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def example(number):
    fields = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in EXAMPLES[number].items()
    }
    return SCHEDULE.load(fields["kind"]).model_validate(fields)


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=lambda number: EXAMPLES[number]["kind"])
def test_every_example_is_a_schedule_without_faults(number):
    assert example(number).faults() == {}


def test_the_first_run_is_at_startat_and_the_end_counts():
    cron, now = example(0), datetime(2025, 12, 1, tzinfo=UTC)
    assert cron.next_run(last=None, runs=0, now=now, zone=UTC) == datetime(2026, 1, 1, tzinfo=UTC)
    last = datetime(2026, 3, 30, 4, tzinfo=UTC)
    assert cron.next_run(last=last, runs=1, now=now, zone=UTC) == datetime(2026, 3, 31, 4, tzinfo=UTC)
    assert cron.next_run(last=datetime(2026, 3, 31, 4, tzinfo=UTC), runs=1, now=now, zone=UTC) is None


def test_the_summary_that_the_page_begins_with():
    assert f"`{example(1).summary(runs=3)}`" in PAGE


def test_a_past_datetime_means_now():
    assert example(2).next_run(last=None, runs=0, now=datetime(2030, 1, 1, tzinfo=UTC), zone=UTC) < datetime(
        2030, 1, 1, tzinfo=UTC
    )


def test_catchup_of_the_file_wins():
    assert planned(example(3), timezone="UTC", catchup=True)["catchup"] is False
    assert planned(example(0), timezone="UTC", catchup=True)["catchup"] is True


def test_half_past_two_on_a_day_that_skips_it():
    tick = example(4).after(datetime(2026, 3, 28, 12, tzinfo=UTC), UTC)
    assert tick == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 in Berlin
