"""The example polyaxonfiles, each run as a user runs it."""

import shutil

import pytest

from polyaxon_airflow.rest import ApiError
from tests.e2e.conftest import ROOT

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", autouse=True)
def gallery(airflow):
    for file in (ROOT / "dags").glob("*.yaml"):
        shutil.copy(file, airflow.dags / file.name)


@pytest.fixture
def ready(driver):
    def wait(dag_id):
        driver.until(lambda: driver.details(dag_id), f"DAG {dag_id}", 90)
        return dag_id

    return wait


def test_a_job_with_typed_inputs(driver, ready):
    run_id = driver.run(ready("greet"), {"who": "you", "times": 2, "tone": "loud"})
    assert driver.states("greet", run_id) == {"greet": "success"}
    assert driver.xcom("greet", run_id, "greet") == {"greeting": "HELLO YOU", "letters": 9}
    assert driver.log("greet", run_id, "greet").count("HELLO YOU") == 2


@pytest.mark.parametrize(
    ("conf", "named"),
    [
        pytest.param({"times": "many"}, "times", id="a wrong type"),
        pytest.param({"times": 11}, "times", id="above its limit"),
        pytest.param({"tone": "rude"}, "tone", id="not one of its options"),
    ],
)
def test_the_rest_api_refuses_a_bad_value_and_names_the_input(driver, ready, conf, named):
    ready("greet")
    with pytest.raises(ApiError, match=named) as refused:
        driver.client.trigger("greet", conf)
    assert refused.value.status == 400


def test_a_mistyped_input_ends_the_run_with_what_is_known(driver, ready):
    run_id = driver.run(ready("greet"), {"tone_": "loud"})
    assert driver.states("greet", run_id) == {"greet": "failed"}
    assert "Did you mean 'tone'?" in driver.log("greet", run_id, "greet")


def test_a_dag_whose_operations_consume_each_others_outputs(driver, ready):
    run_id = driver.run(ready("compare"), {"epochs": 3})
    assert set(driver.states("compare", run_id).values()) == {"success"}
    before = driver.xcom("compare", run_id, "baseline")["accuracy"]
    after = driver.xcom("compare", run_id, "model")["accuracy"]
    assert driver.xcom("compare", run_id, "report") == {"gain": round(after - before, 4)}
    assert after > 0.8 > before


def test_a_random_search_trains_and_ranks(driver, ready):
    run_id = driver.run(ready("search"), {"epochs": 4}, patience=400)
    result = driver.xcom("search", run_id, "search.best")
    trials = result["trials"]
    assert len(trials) == 12
    values = [trial["value"] for trial in trials]
    assert values == sorted(values, reverse=True)
    assert result["best"]["value"] == values[0] > 0.85
    assert len({str(trial["params"]) for trial in trials}) == 12
    labels = [
        task["rendered_map_index"]
        for (_, index), task in driver.tasks("search", run_id).items()
        if index >= 0
    ]
    assert all(label.startswith("alpha=") for label in labels)


def test_the_code_tab_shows_the_polyaxonfile(driver, ready):
    source = driver.client.get(f"/dagSources/{ready('greet')}")
    assert source["content"] == (ROOT / "dags" / "greet.yaml").read_text()


def test_a_search_stops_trials_that_others_have_left_behind(driver, ready):
    run_id = driver.run(ready("stop"), {"epochs": 12}, patience=400)
    assert driver.state("stop", run_id) == "success"
    trials = driver.xcom("stop", run_id, "stop.best")["trials"]
    assert len(trials) == 10
    stopped = [trial for trial in trials if trial["state"] == "stopped"]
    assert stopped
    assert all("median" in trial["reason"] for trial in stopped)
    assert trials[0]["state"] == "succeeded"


def test_only_what_is_good_enough_is_deployed_and_both_are_reported(driver, ready):
    run_id = driver.run(ready("branch"), {"threshold": 0.95})
    assert driver.state("branch", run_id) == "success"
    states = driver.states("branch", run_id)
    assert (states["train"], states["deploy"], states["report"]) == ("success", "skipped", "success")
    assert "the deployment: skipped" in driver.log("branch", run_id, "report")


def test_a_schedule_tells_its_runs_their_time(driver, ready):
    details = driver.details(ready("nightly"))
    assert details["timetable_summary"] == "0 3 * * *"
    assert details["next_dagrun_logical_date"].endswith("T03:00:00Z")
    day = {"dag_id": "nightly", "from_date": "2026-03-01T00:00:00Z", "to_date": "2026-03-01T12:00:00Z"}
    driver.until(lambda: accepted(driver.client, day), "a backfill")
    driver.until(lambda: driver.client.get("/dags/nightly/dagRuns")["dag_runs"], "the backfill's run")
    (run,) = driver.client.get("/dags/nightly/dagRuns")["dag_runs"]
    driver.wait("nightly", run["dag_run_id"])
    assert driver.xcom("nightly", run["dag_run_id"], "nightly") == {"day": "2026-02-28"}


def accepted(client, backfill):
    """Whether Airflow makes a backfill now; on SQLite it cannot while somebody else writes."""
    try:
        return client.post("/backfills", backfill)
    except ApiError as error:
        if error.status == 503:
            return None
        raise
