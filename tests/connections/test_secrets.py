import json

import pytest
from airflow.sdk import Connection as AirflowConnection

from polyaxon_airflow.connections.catalogue import read_catalogue
from polyaxon_airflow.connections.secrets import Secrets, account_of
from polyaxon_airflow.errors import PermanentRunnerError

KEY = {"type": "service_account", "private_key": "-----BEGIN\nMIIEv1\n-----END\n"}
ACCOUNTS = {
    "aws": AirflowConnection(conn_id="aws", conn_type="aws", login="AKIA", password="s3cret", extra=json.dumps(
        {"region_name": "eu-west-1", "endpoint_url": "http://s3", "aws_session_token": "t0ken"})),
    "aws_extra": AirflowConnection(conn_id="aws_extra", conn_type="aws", extra=json.dumps({"aws_access_key_id": "A"})),
    "google": AirflowConnection(conn_id="google", conn_type="google_cloud_platform", extra=json.dumps({"keyfile_dict": KEY})),
    "azure": AirflowConnection(conn_id="azure", conn_type="wasb", login="acc", password="k3y", host="https://acc.blob.core.windows.net"),
    "azure_ad": AirflowConnection(conn_id="azure_ad", conn_type="wasb", login="id", password="pw", host="acc.blob.core.windows.net",
                                  extra=json.dumps({"tenant_id": "tid"})),
    "git": AirflowConnection(conn_id="git", conn_type="git", login="ada", password="t@ken"),
    "token": AirflowConnection(conn_id="token", conn_type="git", password="t0ken"),
    "ssh": AirflowConnection(conn_id="ssh", conn_type="ssh", host="host", extra=json.dumps(
        {"private_key": "-----BEGIN\nabcdef\n-----END", "host_key": "ssh-ed25519 AAAA"})),
    "hub": AirflowConnection(conn_id="hub", conn_type="docker", host="hub.example.com", login="ada", password="s3cret"),
    "pg": AirflowConnection(conn_id="pg", conn_type="postgres", host="db", port=5432, login="ada", password="s3cret", schema="runs"),
    "any": AirflowConnection(conn_id="any", conn_type="generic", extra=json.dumps({"WANDB_API_KEY": "k3y", "note": "no secret"})),
}  # fmt: skip
BOTH = ("AZURE_STORAGE_", "AZURE_")


def make(kind, conn_id, schema="{}", more=""):
    """Secrets of one connection called `my-conn`, and what was hidden."""
    text = f"connections: [{{name: my-conn, kind: {kind}, connId: {conn_id}, schema: {schema}{more}}}]"
    hidden = []
    return Secrets(read_catalogue(text), lambda name: account_of(ACCOUNTS[name]), hidden.append), hidden


# Names: boto3's, google-auth's, adlfs', Docker's and Polyaxon's documentation; fields: those of Airflow's providers.
@pytest.mark.parametrize(
    ("kind", "conn_id", "schema", "items"),
    [
        pytest.param("s3", "aws", "{bucket: 's3://b'}", {
            "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_SESSION_TOKEN": "t0ken",
            "AWS_ENDPOINT_URL": "http://s3", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}, id="s3"),
        pytest.param("aws", "aws_extra", "{}", {"AWS_ACCESS_KEY_ID": "A"}, id="keys in the extra"),
        pytest.param("gcs", "google", "{bucket: 'gs://b'}",
                     {"key.json": json.dumps(KEY), "GC_KEYFILE_DICT": json.dumps(KEY)}, id="gcs"),
        pytest.param("wasb", "azure", "{bucket: 'az://b'}", {f"{p}{n}": v for p in BOTH for n, v in (
            ("ACCOUNT_NAME", "acc"), ("ACCOUNT_KEY", "k3y"))}, id="wasb with a key"),
        pytest.param("azure", "azure_ad", "{}", {f"{p}{n}": v for p in BOTH for n, v in (("ACCOUNT_NAME", "acc"),
            ("TENANT_ID", "tid"), ("CLIENT_ID", "id"), ("CLIENT_SECRET", "pw"))}, id="azure with a client"),
        pytest.param("git", "git", "{}", {"POLYAXON_GIT_CREDENTIALS": "ada:t%40ken"}, id="git with user and token"),
        pytest.param("git", "token", "{}", {"POLYAXON_GIT_CREDENTIALS": "t0ken"}, id="git with a token alone"),
        pytest.param("ssh", "ssh", "{}", {"id_rsa": "-----BEGIN\nabcdef\n-----END\n",
                     "known_hosts": "host ssh-ed25519 AAAA\n"}, id="ssh"),
        pytest.param("registry", "hub", "{url: hub.example.com}", {"config.json": json.dumps(
            {"auths": {"hub.example.com": {"auth": "YWRhOnMzY3JldA=="}}})}, id="a registry"),
        pytest.param("postgres", "pg", "{}", {
            "MY_CONN_URI": "postgres://ada:s3cret@db:5432/runs", "MY_CONN_HOST": "db", "MY_CONN_PORT": "5432",
            "MY_CONN_LOGIN": "ada", "MY_CONN_PASSWORD": "s3cret", "MY_CONN_SCHEMA": "runs"}, id="anything else"),
        pytest.param("custom", "any", "{}", {"WANDB_API_KEY": "k3y"}, id="variables in the extra"),
    ],
)  # fmt: skip
def test_items_of_a_kind(kind, conn_id, schema, items):
    secrets, _ = make(kind, conn_id, schema)
    found = dict(secrets("polyaxon-connection-my-conn"))
    if kind == "custom":
        found = {name: value for name, value in found.items() if not name.startswith("MY_CONN_")}
    assert found == items


def test_a_key_file_is_read_where_the_extra_names_it(tmp_path):
    (tmp_path / "key.json").write_text('{"type": "x"}')
    extra = json.dumps({"key_path": str(tmp_path / "key.json")})
    account = account_of(AirflowConnection(conn_id="g", conn_type="google_cloud_platform", extra=extra))
    secrets = Secrets(
        read_catalogue("connections: [{name: g, kind: gcp, connId: g}]"), lambda _: account, print
    )
    assert secrets("polyaxon-connection-g")["key.json"] == '{"type": "x"}'


def test_everything_is_hidden_before_anybody_gets_it():
    secrets, hidden = make("gcs", "google", "{bucket: 'gs://b'}")
    secrets("polyaxon-connection-my-conn")
    assert {"MIIEv1", "-----BEGIN", KEY["private_key"], json.dumps(KEY)} <= set(hidden)


def test_a_secret_of_the_cluster_is_known_by_its_own_name():
    secrets, _ = make(
        "s3", "aws", "{bucket: 's3://b'}", ", secret: {name: s3-keys, items: [AWS_ACCESS_KEY_ID]}"
    )
    assert secrets("s3-keys")["AWS_ACCESS_KEY_ID"] == "AKIA"
    assert secrets("polyaxon-connection-my-conn") is None


def test_names_that_nothing_stands_behind_are_none():
    secrets, _ = make("s3", "aws", "{bucket: 's3://b'}")
    assert secrets("other") is None


def test_an_airflow_connection_that_is_missing_is_named():
    secrets, _ = make("s3", "nope", "{bucket: 's3://b'}")
    with pytest.raises(
        PermanentRunnerError, match="connection 'my-conn' needs Airflow connection 'nope', which cannot"
    ):
        secrets("polyaxon-connection-my-conn")


def test_no_value_can_be_found_in_what_a_catalogue_shows():
    secrets, _ = make("s3", "aws", "{bucket: 's3://b'}")
    secrets("polyaxon-connection-my-conn")
    shown = json.dumps([c.to_dict() for c in secrets.catalogue.connections.values()]) + repr(secrets)
    assert "s3cret" not in shown
