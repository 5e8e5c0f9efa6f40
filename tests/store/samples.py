"""Runs and times that the tables of the tests are made of."""

from datetime import datetime, timedelta, timezone

from polyaxon_airflow.store import Run

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def uuid(number):
    return f"{number:032x}"


def run(number=1, **fields):
    return Run(**{"uuid": uuid(number), "name": f"run-{number}", "created_at": NOON, **fields})
