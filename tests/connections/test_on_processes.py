"""From a polyaxonfile's `run` section and a connections file to processes: clones with a token, buckets, volumes."""

import json
from uuid import uuid4

import pytest
from airflow.sdk import Connection as AirflowConnection

from polyaxon_airflow.artifacts.runs import RunFiles
from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.connections.catalogue import read_catalogue
from polyaxon_airflow.connections.secrets import Secrets, account_of
from polyaxon_airflow.connections.store import artifacts_store, on_this_machine
from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import Settings
from polyaxon_airflow.runners.process.runner import ProcessRunner
from tests.artifacts.s3 import s3_server
from tests.contracts.runner import Followed
from tests.init.gitserver import Repository, serve
from tests.runtimes.runs import manifest

UPSTREAM = "1" * 32


@pytest.fixture(scope="module")
def s3():
    with s3_server("runs") as variables:
        yield variables


class Deployment:
    """One worker: a connections file, Airflow's connections, a process runner."""

    def __init__(self, tmp_path, text, accounts, root):
        self.hidden, self.tmp_path = [], tmp_path
        self.store = artifacts_store(read_catalogue(text), root)
        self.secrets = Secrets(
            self.store.catalogue, lambda name: account_of(accounts[name]), self.hidden.append
        )
        runs = root if "://" not in root else str(tmp_path / "staging")
        self.settings = Settings(runs, str(tmp_path / "context"), {}, 2.0)

    def run(self, text, uuid=None):
        uuid = uuid or uuid4().hex
        connections = {
            **self.store.catalogue.connections, self.store.entry.name: on_this_machine(self.store),
        }  # fmt: skip
        made = manifest(
            text, uuid=uuid, connections=connections, artifacts_store=connections[self.store.entry.name]
        )
        assert not any(text in json.dumps(made) for text in self.hidden)
        return Followed(ProcessRunner(self.settings, secrets=self.secrets), made, uuid=uuid)


def aws(variables):
    extra = json.dumps({"endpoint_url": variables["AWS_ENDPOINT_URL"], "region_name": "us-east-1"})
    return AirflowConnection(conn_id="aws", conn_type="aws", login="AKIATEST", password="s3cret", extra=extra)


JOB = """
kind: job
connections: %s
init: %s
container: {image: busybox, command: [/bin/sh, -c], args: ['%s'], workingDir: /plx-context/artifacts}
"""


def test_a_private_repository_is_cloned_with_the_token_of_an_airflow_connection(tmp_path):
    repository = Repository(tmp_path / "git" / "models")
    repository.commit("first", train_sh="echo trained\n")
    with serve(tmp_path / "git", "ada:t0ken") as (_, url):
        text = f"connections: [{{name: code, kind: git, schema: {{url: '{url}/models'}}, connId: git}}]"
        accounts = {"git": AirflowConnection(conn_id="git", conn_type="git", login="ada", password="t0ken")}
        deployment = Deployment(tmp_path, text, accounts, str(tmp_path / "runs"))
        script = 'sh code/train.sh; echo "${POLYAXON_GIT_CREDENTIALS-no credentials}"'
        followed = deployment.run(JOB % ("[]", "[{connection: code}]", script))
    assert followed.outcome.status == "succeeded"
    assert followed.text() == ["trained", "no credentials"]
    assert not any("t0ken" in line.text for line in followed.lines)
    assert "ada:t0ken" in deployment.hidden


def test_a_token_that_is_refused_ends_the_run_with_what_to_do(tmp_path):
    Repository(tmp_path / "git" / "models").commit("first")
    with serve(tmp_path / "git", "ada:t0ken") as (_, url):
        init = f"[{{git: {{url: '{url}/models'}}}}]"
        followed = Deployment(tmp_path, "connections: []", {}, str(tmp_path / "runs")).run(
            JOB % ("[]", init, "")
        )
    assert followed.outcome[:2] == ("failed", 77)
    assert "container 'polyaxon-init-git-0' exited with code 77" in followed.outcome.reason
    assert "Give the git entry a connection that holds a token" in followed.outcome.reason


def test_artifacts_of_a_run_elsewhere_come_from_the_bucket(tmp_path, s3):
    text = "artifactsStore: store\nconnections: [{name: store, kind: s3, connId: aws, schema: {bucket: 's3://runs/a'}}]"
    elsewhere = tmp_path / "elsewhere" / UPSTREAM / "outputs"
    elsewhere.mkdir(parents=True)
    (elsewhere / "model").write_text("weights")
    RunFiles(open_storage("s3://runs/a", s3), UPSTREAM).collect(elsewhere.parent)

    deployment = Deployment(tmp_path, text, {"aws": aws(s3)}, "s3://runs/a")
    init = f"[{{artifacts: {{files: ['{UPSTREAM}/outputs/model']}}}}]"
    followed = deployment.run(JOB % ("[]", init, f"cat {UPSTREAM}/outputs/model"))
    assert followed.outcome.status == "succeeded"
    assert followed.text() == ["weights"]


def test_what_a_local_run_made_goes_to_the_bucket_and_to_the_next_local_run(tmp_path, s3):
    deployment = Deployment(tmp_path, "connections: []", {"aws": aws(s3)}, "s3://runs/b")
    variables = deployment.secrets.of(
        artifacts_store(read_catalogue("connections: []"), "s3://b", "aws").entry
    )
    storage = open_storage("s3://runs/b", variables)
    script = f"mkdir -p {UPSTREAM}/outputs; echo w > {UPSTREAM}/outputs/model"
    deployment.run(JOB % ("[]", "[]", script), uuid=UPSTREAM)
    RunFiles(storage, UPSTREAM).collect(tmp_path / "staging" / UPSTREAM)
    assert storage.read(f"{UPSTREAM}/outputs/model") == b"w\n"


@pytest.mark.parametrize(
    ("config_map", "sentence"),
    [
        pytest.param(
            "{name: m}", "envFrom names the configMapRef 'm', which the process runner does not", id="whole"
        ),
        pytest.param(
            "{name: m, items: [A]}", "environment variable A comes from a configMapKeyRef", id="an item"
        ),
        pytest.param(
            "{name: m, mountPath: /m}", "volume 'm' is a configMap, which the process runner", id="mounted"
        ),
    ],
)
def test_a_config_map_is_refused_with_what_to_write_instead(tmp_path, config_map, sentence):
    text = f"connections: [{{name: settings, kind: custom, configMap: {config_map}}}]"
    with pytest.raises(PermanentRunnerError, match=sentence):
        Deployment(tmp_path, text, {}, str(tmp_path / "runs")).run(JOB % ("[settings]", "[]", "echo never"))


@pytest.mark.parametrize("kind", ["volume_claim", "host_path"])
def test_a_connection_that_is_mounted_is_a_folder(tmp_path, kind):
    schema = {"mountPath": "/mnt/data", **(
        {"hostPath": str(tmp_path / "data")} if kind == "host_path" else {"volumeClaim": "claim"})}  # fmt: skip
    text = f"connections: [{{name: data, kind: {kind}, schema: {json.dumps(schema)}}}]"
    deployment = Deployment(tmp_path, text, {}, str(tmp_path / "runs"))
    assert deployment.run(JOB % ("[data]", "[]", "echo x > /mnt/data/a")).outcome.status == "succeeded"
    followed = deployment.run(JOB % ("[]", "[{paths: [a], connection: data}]", "cat data/a"))
    assert followed.text() == ["x"]


def test_a_mounted_store_of_a_cluster_is_the_runs_folder_here(tmp_path):
    """Files of the store are found under its mount path, though this machine has them elsewhere."""
    text = "artifactsStore: s\nconnections: [{name: s, kind: volume_claim, schema: {volumeClaim: c, mountPath: /store}}]"
    (tmp_path / "runs" / UPSTREAM / "outputs").mkdir(parents=True)
    (tmp_path / "runs" / UPSTREAM / "outputs/m").write_text("m")
    deployment = Deployment(tmp_path, text, {}, str(tmp_path / "runs"))
    followed = deployment.run(
        JOB % ("[]", f"[{{paths: ['{UPSTREAM}/outputs']}}]", f"cat {UPSTREAM}/outputs/m")
    )
    assert followed.text() == ["m"]


def test_secrets_of_a_connection_reach_main_as_variables_or_files(tmp_path):
    text = """
connections:
- {name: db, kind: postgres, connId: pg}
- {name: google, kind: gcp, connId: google}
"""
    accounts = {
        "pg": AirflowConnection(conn_id="pg", conn_type="postgres", host="h", login="ada", password="s3cret"),
        "google": AirflowConnection(
            conn_id="google",
            conn_type="google_cloud_platform",
            extra=json.dumps({"keyfile_dict": {"a": "b"}}),
        ),
    }
    script = 'echo $DB_HOST $DB_PASSWORD; cat "$GOOGLE_APPLICATION_CREDENTIALS"'
    followed = Deployment(tmp_path, text, accounts, str(tmp_path / "runs")).run(
        JOB % ("[db, google]", "[]", script)
    )
    assert followed.text() == ["h s3cret", '{"a": "b"}']
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
