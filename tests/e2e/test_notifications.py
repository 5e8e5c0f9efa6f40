"""Messages about runs in a real Airflow, by its own notifiers, to servers that are really there, or are not."""

import contextlib

import pytest

from tests.e2e.receivers import Mailed, Posted, serving

pytestmark = pytest.mark.e2e

CONNECTIONS = """
connections:
- {name: team-hook, kind: webhook, schema: {url: URL/team}}
- {name: held-hook, kind: webhook, connId: told_held}
- {name: dead-hook, kind: webhook, schema: {url: "http://127.0.0.1:1/"}}
- {name: team-slack, kind: slack, connId: told_slack}
- {name: team-discord, kind: discord, connId: told_discord}
- {name: team-mail, kind: email, connId: told_mail, schema: {to: team@example.com, from_email: airflow@example.com}}
"""
TOLD = """
kind: component
name: told
run:
  kind: dag
  operations:
  - name: fit
    plugins: {notifications: [{connections: [team-slack], trigger: succeeded}, {connections: [team-discord]}]}
    hooks:
    - {hubRef: notifier, connection: held-hook}
    - {hubRef: notifier, connection: team-hook, conditions: "{{ loss < 1 }}"}
    - {hubRef: notifier, connection: team-slack, trigger: failed}
    - {hubRef: notifier, connection: dead-hook}
    component:
      outputs: [{name: loss, type: float}]
      run: {kind: job, container: {image: b, command: [sh, -c, "echo '{\\"loss\\": 0.5}' > $POLYAXON_OUTPUTS_FILE"]}}
  - name: after
    dependencies: [fit]
    plugins: {notifications: [{connections: [team-mail], trigger: failed}]}
    component: {run: {kind: job, container: {image: b, command: [sh, -c, "exit 3"]}}}
"""


@pytest.fixture
def posted():
    with serving(Posted()) as server:
        yield server


@pytest.fixture
def mailed():
    with serving(Mailed()) as server:
        yield server


@pytest.fixture
def team(driver, posted, mailed):
    """The connections of polyaxonfiles, and those of Airflow that they name."""
    port = int(posted.url.rpartition(":")[2])
    made = [
        {"connection_id": "told_held", "conn_type": "http", "password": f"{posted.url}/held"},
        {"connection_id": "told_slack", "conn_type": "slackwebhook", "password": f"{posted.url}/slack/T0/B0"},
        {
            "connection_id": "told_discord",
            "conn_type": "discord",
            "host": f"http://127.0.0.1:{port}",
            "extra": '{"webhook_endpoint": "webhooks/12/abc"}',
        },
        {
            "connection_id": "told_mail",
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": mailed.port,
            "extra": '{"disable_ssl": true, "disable_tls": true}',
        },
    ]
    file = driver.airflow.dags / "connections.yaml"
    file.write_text(CONNECTIONS.replace("URL", posted.url))
    with contextlib.ExitStack() as stack:
        stack.callback(file.unlink)
        for connection in made:
            driver.client.post("/connections", connection)
            stack.callback(driver.client.delete, f"/connections/{connection['connection_id']}")
        yield


def test_a_run_tells_people_and_waits_for_none_of_them(driver, team, posted, mailed):
    dag_id = driver.drop("told.yaml", TOLD)
    run_id = driver.trigger(dag_id)
    driver.until(posted.held.is_set, "a message that nobody answers", 180)
    driver.until(lambda: driver.states(dag_id, run_id)["after"] == "failed", "what comes after the run", 180)
    assert "/held" not in posted.taken  # still nobody has answered
    posted.release.set()
    assert driver.wait(dag_id, run_id, patience=300) == "failed"  # by `after`, and by no hook
    states = driver.states(dag_id, run_id)
    assert (states["fit"], states["after"]) == ("success", "failed")
    hooks = {name: state for name, state in states.items() if "hook" in name}
    assert hooks == {
        "fit_hook_0": "success", "fit_hook_1": "success", "fit_hook_2": "skipped", "fit_hook_3": "failed",
        "fit_hook_4": "success", "fit_hook_5": "success", "after_hook": "success",
    }  # fmt: skip
    assert "'dead-hook' did not take the message" in driver.log(dag_id, run_id, "fit_hook_3")

    text = "fit succeeded (loss=0.5)"
    (told,) = posted.taken["/team"]
    assert (told["text"], told["status"], told["outputs"]) == (text, "succeeded", {"loss": 0.5})
    assert [body["text"] for body in posted.taken["/slack/T0/B0"]] == [text]
    assert [body["content"] for body in posted.taken["/webhooks/12/abc"]] == [text]
    (mail,) = mailed.taken
    assert (mail["To"], mail["From"]) == ("team@example.com", "airflow@example.com")
    assert mail["Subject"].startswith("after failed: ")
