import base64

import pytest

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.kubernetes.secrets import with_secrets_of_its_own

UUID = "1" * 32
OURS, MADE = "polyaxon-connection-bucket", f"plx-operation-{UUID}-bucket"


def pod(name):
    container = {
        "name": "c",
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": "A"}}}],
        "envFrom": [{"prefix": "P_", "secretRef": {"name": name}}],
    }
    volume = {"name": "v", "secret": {"secretName": name, "items": [{"key": "a", "path": "a"}]}}
    return {"spec": {"initContainers": [container], "containers": [container], "volumes": [volume]}}


def test_a_secret_of_an_airflow_connection_is_made_under_the_runs_name():
    found, made = with_secrets_of_its_own(pod(OURS), UUID, {OURS: {"A": "s3cret", "key.json": "{}"}}.get)
    assert found == pod(MADE)
    (secret,) = made
    assert (secret["kind"], secret["metadata"]["name"]) == ("Secret", MADE)
    assert {key: base64.b64decode(value).decode() for key, value in secret["data"].items()} == {
        "A": "s3cret",
        "key.json": "{}",
    }


def test_secrets_of_the_cluster_stay_as_they_are():
    assert with_secrets_of_its_own(pod("s3-keys"), UUID, {"s3-keys": {"A": "b"}}.get) == (pod("s3-keys"), [])


def test_a_name_of_ours_that_nothing_stands_behind_is_refused():
    with pytest.raises(
        PermanentRunnerError, match="no Airflow connection stands behind secret 'polyaxon-connection-"
    ):
        with_secrets_of_its_own(pod(OURS), UUID, {}.get)
