"""`polyaxon-airflow runs`, as far as it needs no Airflow."""

import json
import math
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest

from polyaxon_airflow.cli import main
from polyaxon_airflow.store import Artifact, Edge, Run, open_store

NOW = datetime.now(timezone.utc)
BEST, WORSE, OTHER = "a1" + "0" * 30, "a2" + "0" * 30, "b1" + "0" * 30


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/store.db"
    with open_store(url) as store:
        for uuid, lr, loss in ((BEST, 0.1, 0.25), (WORSE, 0.5, 0.5)):
            store.runs.begin(
                Run(
                    uuid=uuid,
                    name="train",
                    created_at=NOW - timedelta(seconds=100),
                    project="vision",
                    inputs={"lr": lr, "layers": [1, 2]},
                    outputs={"loss": loss, "worst": math.nan},
                    tags=("gpu",),
                    content={"run": {"kind": "job"}},
                    dag_id="train",
                    dag_run_id="manual__1",
                    task_id="search.trial",
                )
            )
            store.runs.set_status(uuid, "running", at=NOW - timedelta(seconds=90))
            store.runs.set_status(uuid, "succeeded", "3 epochs", at=NOW - timedelta(seconds=100 * lr))
        store.lineage.log(BEST, [Artifact("model", "model", "outputs/model.pt")])
        store.lineage.link([Edge(OTHER, BEST, "dag"), Edge(BEST, WORSE, "cache")])
        store.runs.begin(Run(uuid=OTHER, name="eval", created_at=NOW - timedelta(days=1), project="text"))
    return url


@pytest.fixture
def runs(url, capsys):
    """Runs a command that must succeed; its output."""

    def call(*arguments):
        assert main(["runs", *arguments, "--store", url]) == 0
        return capsys.readouterr().out

    return call


@pytest.fixture
def fails(url, capsys):
    """Runs a command that must fail; its error."""

    def call(*arguments, store=url):
        assert main(["runs", *arguments, "--store", store]) == 1
        return capsys.readouterr().err

    return call


class TestLs:
    def test_shows_a_line_a_run_with_the_values_asked_for(self, runs):
        lines = runs(
            "ls", "-q", "metrics.loss:<1", "--sort", "metrics.loss", "--columns", "params.lr,tags"
        ).splitlines()
        assert lines[0].split() == [
            "uuid",
            "name",
            "status",
            "created",
            "took",
            "params.lr",
            "tags",
            "metrics.loss",
        ]
        assert [(line.split()[0], line.split()[-1]) for line in lines[1:3]] == [
            (BEST, "0.25"),
            (WORSE, "0.5"),
        ]
        assert lines[1].split()[1:3] == ["train", "succeeded"]
        assert "1m 20s" in lines[1]
        assert lines[3] == "  2 of 2 runs"

    def test_limit_offset_and_project(self, runs):
        output = runs(
            "ls", "--sort", "-created_at,uuid", "--limit", "1", "--offset", "1", "--project", "vision"
        )
        assert WORSE in output
        assert BEST not in output
        assert output.endswith("  1 of 2 runs\n")

    def test_nothing_found(self, runs):
        assert runs("ls", "-q", "status:failed").endswith("  0 of 0 runs\n")

    def test_json(self, runs):
        read = json.loads(runs("ls", "-q", "tags:gpu", "--sort", "-params.lr", "--format", "json"))
        assert read["count"] == 2
        assert [run["uuid"] for run in read["runs"]] == [WORSE, BEST]
        first = read["runs"][0]
        assert first["outputs"] == {"loss": 0.5, "worst": None}
        assert datetime.fromisoformat(first["created_at"]) == NOW - timedelta(seconds=100)
        assert "content" not in first

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            (["-q", "metric.loss:<1"], "error: unknown field 'metric.loss'; known: "),
            (["-q", "status:a,"], "error: expected field:value"),
            (["--sort", "tags"], "error: runs cannot be sorted by tags"),
            (["--columns", "losss"], "error: unknown field 'losss'"),
        ],
    )
    def test_faults_show_their_place(self, fails, arguments, error):
        message = fails("ls", *arguments)
        assert message.startswith(error)
        assert re.search(r"\n +\^\n$", message)


class TestGet:
    def test_shows_all_that_is_known(self, runs):
        output = runs("get", BEST)
        for line in (
            f"uuid        {BEST}",
            "status      succeeded: 3 epochs",
            "waited      10.0s",
            "took        1m 20s",
            "tags        gpu",
            "inputs\n  lr      0.1\n  layers  [1, 2]",
            "artifacts\n  model  outputs/model.pt",
            f"cache to  {WORSE}",
            f"dag from  {OTHER}",
            "history\n  since ",
        ):
            assert line in output

    def test_the_first_digits_are_enough(self, runs):
        assert json.loads(runs("get", "b1", "--format", "json"))["uuid"] == OTHER
        assert json.loads(runs("get", f"{BEST[:8]}-{BEST[8:]}".upper(), "--format", "json"))["uuid"] == BEST

    def test_json_has_everything(self, runs):
        read = json.loads(runs("get", BEST, "--format", "json"))
        assert read["content"] == {"run": {"kind": "job"}}
        assert [condition["status"] for condition in read["conditions"]] == ["running", "succeeded"]
        assert read["artifacts"][0]["path"] == "outputs/model.pt"
        assert {edge["kind"] for edge in read["edges"]} == {"cache", "dag"}

    @pytest.mark.parametrize(
        ("uuid", "error"),
        [
            ("c", "error: no run's uuid begins with c\n"),
            ("a", f"error: 2 or more runs begin with a, among them {BEST} and {WORSE}\n"),
            (
                "train",
                "error: a run is named by its uuid, 32 hex digits or the first of them, not by 'train'\n",
            ),
        ],
    )
    def test_a_run_that_cannot_be_told(self, fails, uuid, error):
        assert fails("get", uuid) == error


class TestCompare:
    def test_shows_what_differs(self, runs):
        lines = [line.split() for line in runs("compare", "a1", "a2").splitlines()]
        assert lines == [
            [BEST[:8], WORSE[:8]],
            ["took", "1m", "20s", "40.0s"],
            ["inputs.lr", "0.1", "0.5"],
            ["outputs.loss", "0.25", "0.5"],
        ]

    def test_shows_what_is_the_same_if_asked(self, runs):
        assert "inputs.layers" in runs("compare", "a1", "a2", "--all")

    def test_of_a_query(self, runs):
        read = json.loads(runs("compare", "-q", "tags:gpu", "--sort", "metrics.loss", "--format", "json"))
        assert read["runs"] == [BEST, WORSE]
        assert read["values"]["inputs.lr"] == [0.1, 0.5]

    def test_of_nothing(self, fails):
        assert fails("compare") == "error: which runs? Give their uuids, or a query with -q\n"


class TestLogs:
    def test_of_a_run_outside_of_airflow(self, fails):
        assert (
            fails("logs", OTHER) == f"error: run {OTHER} is of no task of Airflow, so it has no log there\n"
        )

    def test_without_an_airflow(self, fails, tmp_path):
        assert fails("logs", BEST, "--home", str(tmp_path)).startswith("error: which Airflow? Give --url")


def test_reading_makes_no_store(fails, tmp_path):
    path = tmp_path / "store.db"
    message = fails("ls", store=f"sqlite:///{path}")
    assert message == f"error: there is no run store at {path}; it is made when a first run begins\n"
    assert not path.exists()


def test_the_store_may_come_from_the_environment_and_airflow_is_not_imported(url):
    code = (
        "import sys; from polyaxon_airflow.cli import main; "
        "code = main(['runs', 'ls']); print('airflow' in sys.modules); sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"AIRFLOW__POLYAXON__STORE_URL": url, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines()[-2:] == ["  3 of 3 runs", "False"]


def test_a_run_that_is_invalidated_is_no_longer_taken_from_the_cache_and_who_did_it_is_known(
    tmp_path, capsys
):
    url = f"sqlite:///{tmp_path}/store.db"
    with open_store(url) as store:
        for uuid in (BEST, WORSE, OTHER):
            store.runs.begin(Run(uuid=uuid, name="train", created_at=NOW))
        assert store.cache.claim(BEST, "key", at=NOW).outcome == "run"
        store.runs.set_status(BEST, "succeeded", at=NOW)
        assert store.cache.claim(WORSE, "key", at=NOW).outcome == "hit"
    assert main(["runs", "invalidate", BEST[:4], "--by", "ada", "--store", url]) == 0
    assert capsys.readouterr().out == f"{BEST} (train) is invalidated\n"
    with open_store(url) as store:
        assert store.cache.claim(OTHER, "key", at=NOW).outcome == "run"
        assert store.runs.get(BEST).meta["invalidated_by"] == "ada"
    assert main(["runs", "invalidate", "ffff", "--store", url]) == 1
    assert "no run's uuid begins with ffff" in capsys.readouterr().err
