"""The other files of deploy/kubernetes, and the page that leads through them."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from airflow.configuration import conf
from airflow.sdk import Connection

from polyaxon_airflow.cli import main
from polyaxon_airflow.get_provider_info import DEFAULTS
from polyaxon_airflow.store import is_single_machine
from tests import corpus
from tests.deploy.test_rbac import objects
from tests.kube import strict

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
PAGE = (ROOT / "docs" / "kubernetes.md").read_text()


@pytest.fixture(scope="module")
def values():
    """Both files, as Helm lays one over the other."""
    first, second = (
        yaml.safe_load((FOLDER / f"{name}.yaml").read_text()) for name in ("values", "values-queues")
    )
    assert first.keys() & second.keys() == {"config"}
    polyaxon = {**first["config"]["polyaxon"], **second["config"]["polyaxon"]}
    return {**first, **second, "config": {**first["config"], "polyaxon": polyaxon}}


@pytest.fixture(scope="module")
def secrets():
    found = list(yaml.safe_load_all((FOLDER / "secrets.yaml").read_text()))
    assert [fault for secret in found for fault in strict.faults_of(secret)] == []
    return {secret["metadata"]["name"]: secret["stringData"] for secret in found}


def test_the_chart_takes_the_values(values):
    """chart/values.schema.json of apache/airflow, which knows every value: a mistyped one is refused."""
    schema = json.loads(corpus.study_text("airflow/values.schema.json"))
    jsonschema.validate(values, schema)
    with pytest.raises(jsonschema.ValidationError, match="'replica' was unexpected"):
        jsonschema.validate({**values, "triggerer": {"replica": 2}}, schema)


def test_every_option_is_one_of_airflows_or_ours(values):
    for section, options in values["config"].items():
        known = DEFAULTS if section == "polyaxon" else conf.configuration_description[section]["options"]
        assert options.keys() <= known.keys()
        assert all(isinstance(value, str) for value in options.values())  # the chart writes them to a file


def test_options_are_of_their_types(values):
    parse = {
        "boolean": {"True": True, "False": False}.__getitem__,
        "integer": int,
        "float": float,
        "string": str,
    }
    for section, options in values["config"].items():
        for name, value in options.items():
            kind = (
                DEFAULTS[name][0]
                if section == "polyaxon"
                else conf.configuration_description[section]["options"][name]["type"]
            )
            parse[kind](value)


def test_every_secret_that_is_named_is_there(values, secrets):
    named = [(entry["secretName"], entry["secretKey"]) for entry in values["secret"]]
    named += [(values["fernetKeySecretName"], "fernet-key"), (values["jwtSecretName"], "jwt-secret")]
    named += [(values["apiSecretKeySecretName"], "api-secret-key")]
    named += [(values["data"]["metadataSecretName"], "connection")]
    assert {(name, key) for name, keys in secrets.items() for key in keys} == set(named)


def test_connections_are_those_that_the_options_name(values, secrets):
    made = {
        entry["envName"].removeprefix("AIRFLOW_CONN_").lower(): secrets[entry["secretName"]][
            entry["secretKey"]
        ]
        for entry in values["secret"]
    }
    named = {
        value for options in values["config"].values() for name, value in options.items() if "conn_id" in name
    }
    assert made.keys() == named
    store = Connection.from_uri(made["polyaxon_store"], conn_id="polyaxon_store")
    assert (store.conn_type, is_single_machine(store.get_uri())) == ("postgres", False)
    bucket = json.loads(made["runs_bucket"])
    assert (bucket["conn_type"], set(bucket)) == ("aws", {"conn_type", "login", "password", "extra"})


def test_the_queues_file_is_where_the_config_map_is_mounted(values):
    (volume,), (mount,) = values["volumes"], values["volumeMounts"]
    assert volume["name"] == mount["name"]
    file = Path(values["config"]["polyaxon"]["queues_file"])
    assert str(file.parent) == mount["mountPath"]
    assert (
        f"create configmap {volume['configMap']['name']} --namespace airflow --from-file dags/{file.name}"
        in PAGE
    )


def test_runs_go_where_the_rights_are(values):
    options = values["config"]["polyaxon"]
    account = json.loads(options["pod_defaults"])["serviceAccountName"]
    assert objects()["ServiceAccount", account]["metadata"]["namespace"] == options["kubernetes_namespace"]
    assert options["kubernetes_namespace"] == objects()["Role", "polyaxon-airflow"]["metadata"]["namespace"]


def test_the_page_names_every_file_and_no_other():
    named = set(re.findall(r"deploy/kubernetes/[\w.-]+", PAGE))
    assert named == {str(file.relative_to(ROOT)) for file in FOLDER.iterdir()}


def test_the_pages_render_commands_work(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    commands = re.findall(r"^polyaxon-airflow (render .*?)(?: \|.*)?$", PAGE, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert main(command.split()) == 0
        for found in yaml.safe_load_all(capsys.readouterr().out):
            assert strict.faults_of(found) == []


def test_the_pages_options_are_ours():
    named = set(re.findall(r"\[polyaxon\] (\w+)", PAGE))
    assert named
    assert named <= DEFAULTS.keys()
