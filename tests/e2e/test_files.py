"""Files that come, change, break and go."""

import pytest

from polyaxon_airflow.rest import ApiError

pytestmark = pytest.mark.e2e

JOB = """
    version: 1.1
    kind: component
    name: {name}
    run:
      kind: job
      container: {{image: busybox, command: [sh, -c, "{script}"]}}
"""


def error_of(driver, name):
    return next((text for file, text in driver.import_errors().items() if name in file), None)


@pytest.mark.parametrize(
    ("name", "text", "sentences"),
    [
        pytest.param(
            "syntax.yaml",
            "kind: component\nrun:\n  kind: job\n   container: {image: x}\n",
            ["syntax.yaml:4:"],
            id="a syntax error",
        ),
        pytest.param(
            "unknown.yaml",
            "kind: component\nrun:\n  kind: job\n  contaner: {image: x}\n",
            ["unknown.yaml:4:3", "contaner", "Did you mean 'container'"],
            id="an unknown field",
        ),
        pytest.param(
            "wrongtype.yaml",
            "kind: operation\nmatrix: {kind: random, numRuns: many, params: {a: {kind: choice, value: [1]}}}\n"
            "component:\n  run: {kind: job, container: {image: x}}\n",
            ["wrongtype.yaml:2:", "numRuns"],
            id="a wrong type",
        ),
    ],
)
def test_a_broken_file_is_its_own_import_error_and_nobody_elses(driver, name, text, sentences):
    good = driver.drop("good.yaml", JOB.format(name="good", script="echo good"))
    (driver.airflow.dags / name).write_text(text)
    driver.until(lambda: error_of(driver, name), f"the import error of {name}")
    shown = error_of(driver, name)
    assert all(sentence in shown for sentence in sentences), shown
    assert driver.details(good)["is_stale"] is False
    (driver.airflow.dags / name).unlink()
    driver.until(lambda: error_of(driver, name) is None, f"the import error of {name} to go")


def test_an_edit_is_a_new_version_and_a_deletion_takes_the_dag_away(driver):
    dag_id = driver.drop("edited.yaml", JOB.format(name="edited", script="echo first"))
    driver.run(dag_id)
    driver.drop("edited.yaml", JOB.format(name="edited", script="echo second"))
    run_id = driver.run(dag_id)
    assert "second" in driver.log(dag_id, run_id, "edited")
    versions = driver.client.get(f"/dags/{dag_id}/dagVersions")["dag_versions"]
    assert len(versions) >= 2
    (driver.airflow.dags / "edited.yaml").unlink()
    driver.until(lambda: (driver.details(dag_id) or {"is_stale": True})["is_stale"], "the DAG to go")
    with pytest.raises(ApiError) as refused:
        driver.client.trigger(dag_id)
    assert refused.value.status == 404


def test_airflowignore_is_honoured(driver):
    folder = driver.airflow.dags / "ignored"
    folder.mkdir()
    (driver.airflow.dags / ".airflowignore").write_text("ignored/*\n")
    (folder / "hidden.yaml").write_text(
        "kind: component\nname: hidden\nrun: {kind: job, container: {image: x}}\n"
    )
    driver.drop("seen.yaml", JOB.format(name="seen", script="echo seen"))
    assert driver.details("hidden") is None


def test_a_run_that_cannot_be_here_fails_at_once_with_what_to_set(driver):
    dag_id = driver.drop(
        "elsewhere.yaml",
        """
        kind: component
        name: elsewhere
        run:
          kind: job
          container: {image: "acme/train:1", command: [acme-train]}
        """,
    )
    run_id = driver.run(dag_id)
    assert driver.states(dag_id, run_id) == {"elsewhere": "failed"}
    log = driver.log(dag_id, run_id, "elsewhere")
    assert "[polyaxon] process_environments" in log
    assert "acme/train:1" in log
