"""Init, connections and artifacts of runs in a real Airflow, with the artifacts store in a folder and in a bucket."""

import contextlib
import hashlib
import json
from urllib.parse import quote

import pytest

from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.execution.identity import TaskIdentity
from polyaxon_airflow.rest import ApiError, run_path
from polyaxon_airflow.store import open_store
from tests.artifacts.s3 import s3_server
from tests.init.gitserver import Repository, serve

pytestmark = pytest.mark.e2e

PASSWORD, TOKEN, KEY = "pa55word-of-the-db", "t0ken-of-the-repository", "s3cret-of-the-bucket"
CONNECTIONS = """
{store}
connections:
- {{name: db, kind: postgres, connId: e2e_db, env: {{DB_NAME: models}}}}
- {{name: code, kind: git, connId: e2e_git, schema: {{url: "{git}/models"}}}}
"""
BUCKET = "artifactsStore: {name: runs, kind: s3, connId: e2e_s3, schema: {bucket: 's3://runs/all'}}"
TRAIN = """
set -e
printf %s "$DB_PASSWORD" | sha256sum
echo "as $DB_LOGIN of $DB_NAME with $DB_PASSWORD; git knows ${POLYAXON_GIT_CREDENTIALS-nothing}"
mkdir -p "$1"
cat settings.json > "$1/model.json"
"""
PIPELINE = """
kind: component
name: {name}
run:
  kind: dag
  operations:
  - name: train
    cache: {{disable: true}}  # the same operation runs with another store
    component:
      run:
        kind: job
        connections: [db]
        init:
        - connection: code
        - file: {{filename: settings.json, content: '{{"epochs": 3}}'}}
        container:
          image: training
          workingDir: "{{{{ globals.artifacts_path }}}}"
          command: [sh, code/train.sh, "{{{{ globals.run_outputs_path }}}}"]
  - name: serve
    params:
      model: {{ref: ops.train, value: artifacts.outputs/model.json, toInit: true}}
      uuid: {{ref: ops.train, value: globals.uuid}}
    component:
      inputs: [{{name: model, type: artifacts}}, {{name: uuid, type: str}}]
      run:
        kind: job
        container:
          image: training
          command: [sh, -c, "echo serving $(cat {{{{ globals.artifacts_path }}}}/{{{{ uuid }}}}/outputs/model.json)"]
"""


@pytest.fixture(scope="module")
def s3():
    with s3_server("runs") as variables:
        yield variables


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """URL of a repository on this disk, behind a server that asks for a token."""
    root = tmp_path_factory.mktemp("git")
    repository = Repository(root / "models")
    repository.commit("first", train_sh=TRAIN)
    with serve(root, f"ada:{TOKEN}") as (_, url):
        yield repository, url


@pytest.fixture(scope="module")
def accounts(airflow, s3):
    """Airflow connections, made as people make them."""
    client = airflow.client()
    extra = json.dumps({"endpoint_url": s3["AWS_ENDPOINT_URL"], "region_name": "us-east-1"})
    made = [
        {"connection_id": "e2e_db", "conn_type": "postgres", "login": "ada", "password": PASSWORD},
        {"connection_id": "e2e_git", "conn_type": "git", "login": "ada", "password": TOKEN},
        {"connection_id": "e2e_s3", "conn_type": "aws", "login": "AKIA", "password": KEY, "extra": extra},
    ]
    for connection in made:
        client.post("/connections", connection)
    yield made
    for connection in made:
        client.delete(f"/connections/{connection['connection_id']}")


@pytest.fixture(params=["folder", "bucket"])
def where(request):
    return request.param


@pytest.fixture
def kept(airflow, accounts, code, s3, where):
    """The artifacts store of the deployment, while its connections file is there."""
    in_bucket = where == "bucket"
    file = airflow.dags / "connections.yaml"
    file.write_text(CONNECTIONS.format(store=BUCKET if in_bucket else "", git=code[1]))
    yield (
        open_storage("s3://runs/all", s3) if in_bucket else open_storage(f"{airflow.home}/polyaxon/artifacts")
    )
    file.unlink()


@pytest.fixture
def store(airflow):
    with open_store(f"sqlite:///{airflow.home}/polyaxon/store.db") as store:
        yield store


def test_a_pipeline_with_a_repository_a_secret_and_artifacts(driver, kept, where, store, code):
    name = f"artifacts_in_{where}"
    dag_id = driver.drop(f"{name}.yaml", PIPELINE.format(name=name))
    run_id = driver.run(dag_id)
    log = driver.log(dag_id, run_id, "train")
    assert driver.states(dag_id, run_id) == {"train": "success", "serve": "success"}, log

    repository, _ = code
    assert f"git: checked out {repository.commits['first'][:12]}" in log
    assert hashlib.sha256(PASSWORD.encode()).hexdigest() in log  # the run had it
    assert "as ada of models with ***; git knows nothing" in log
    assert 'serving {"epochs": 3}' in driver.log(dag_id, run_id, "serve")

    train = store.runs.get(TaskIdentity(dag_id, run_id, "train").run_uuid)
    assert kept.read(f"{train.uuid}/outputs/model.json") == b'{"epochs": 3}'
    found = store.lineage.artifacts(train.uuid)
    assert {(artifact.name, artifact.kind, artifact.is_input) for artifact in found} >= {
        (repository.commits["first"], "coderef", True),
        ("settings.json", "file", True),
        ("model.json", "file", False),
    }
    for secret in (PASSWORD, TOKEN, KEY):
        assert secret not in answers(driver, dag_id, run_id)
        assert files_with(driver.airflow.home, secret) == []


def answers(driver, dag_id, run_id):
    """What Airflow's API tells of a run, its tasks, their logs and XComs, its DAG, and the connections."""
    run = run_path(dag_id, run_id)
    paths = [
        run,
        f"{run}/taskInstances",
        f"/dags/{quote(dag_id)}/details",
        f"/dagSources/{quote(dag_id)}",
        "/connections",
    ]
    for task in ("train", "serve"):
        at = f"{run}/taskInstances/{task}"
        paths += [f"{at}/xcomEntries", f"{at}/xcomEntries/return_value", f"{at}/logs/1"]
    found = []
    for path in paths:
        with contextlib.suppress(ApiError):  # no outputs, no XCom
            found.append(json.dumps(driver.client.get(path)))
    assert len(found) >= 8
    return "\n".join(found)


def files_with(folder, text):
    """Every file below a folder that holds a text: logs, databases, bundles, artifacts, contexts."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
