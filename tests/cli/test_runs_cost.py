"""`polyaxon-airflow runs cost`."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from polyaxon_airflow.cli import main
from polyaxon_airflow.store import Run, open_store

NOW = datetime.now(timezone.utc)


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    with open_store(url) as store:
        for number, (queue, cost, hours, days) in enumerate([("lab/gpu", 3.0, 2, 1), (None, None, 1, 9)]):
            uuid, begun = f"{number:032x}", NOW - timedelta(days=days, hours=hours)
            store.runs.begin(Run(uuid=uuid, name="train", created_at=begun, queue=queue, cost=cost))
            store.runs.set_status(uuid, "running", at=begun)
            store.runs.set_status(uuid, "succeeded", at=NOW - timedelta(days=days))
    return url


def test_costs_are_a_table(url, capsys):
    assert main(["runs", "cost", "--store", url]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["queue", "runs", "hours", "cost"],
        ["lab/gpu", "1", "2", "6"],
        ["-", "1", "1", "0"],
    ]


def test_costs_can_be_json_and_of_some_days(url, capsys):
    main(["runs", "cost", "--by", "queue", "--since", "7d", "--format", "json", "--store", url])
    assert json.loads(capsys.readouterr().out) == [{"queue": "lab/gpu", "runs": 1, "hours": 2.0, "cost": 6.0}]


def test_an_age_that_is_none_is_refused(url, capsys):
    with pytest.raises(SystemExit):
        main(["runs", "cost", "--since", "soon", "--store", url])
    assert "'soon' is no age such as 12h, 7d or 4w" in capsys.readouterr().err
