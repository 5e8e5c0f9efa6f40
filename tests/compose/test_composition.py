"""docker-compose.yml and its Dockerfile, as far as they can be held to what they name without Docker."""

import json
import os
import re
import subprocess
import sys
from fnmatch import fnmatch

import jsonschema
import pytest
from airflow.configuration import retrieve_configuration_description

from tests.compose.composition import ROOT, airflow_command, airflow_services, composition

VALIDATOR = jsonschema.Draft7Validator(
    json.loads((ROOT / "tests" / "compose" / "compose-spec.json").read_text())
)
PARSE = """
import json, sys
from airflow.cli.cli_parser import get_parser
for command in json.load(sys.stdin):
    print("parsing", command, flush=True)
    assert callable(get_parser().parse_args(command).func)
"""


def test_the_compose_file_is_one():
    VALIDATOR.validate(composition())


def test_the_schema_finds_a_misspelt_key():
    broken = composition()
    broken["services"]["worker"]["enviroment"] = {}
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(broken)


def test_all_components_are_there():
    assert set(composition()["services"]) == {
        "postgres", "redis", "init", "api-server", "scheduler", "dag-processor", "triggerer", "worker",
    }  # fmt: skip


@pytest.mark.parametrize("name", airflow_services())
def test_airflow_knows_every_setting(name):
    known = {
        f"AIRFLOW__{section}__{option}".upper()
        for section, description in retrieve_configuration_description().items()
        for option in description["options"]
    }
    set_here = {key for key in airflow_services()[name]["environment"] if key.startswith("AIRFLOW__")}
    assert set_here
    assert set_here <= known


def test_airflow_knows_every_command_and_health_check():
    services = airflow_services()
    checks = [service["healthcheck"]["test"][1:] for service in services.values() if "healthcheck" in service]
    commands = [airflow_command(service) for service in services.values()]
    commands += [words[1:] for words in checks if words[0] == "airflow"]
    assert len(commands) == 9
    variables = services["worker"]["environment"]
    done = subprocess.run(
        [sys.executable, "-c", PARSE],
        input=json.dumps(commands),
        env={**os.environ, **{key: variables[key] for key in ("AIRFLOW__CORE__EXECUTOR",)}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_volume_and_dependency_is_defined():
    whole = composition()
    for service in whole["services"].values():
        named = {volume.partition(":")[0] for volume in service.get("volumes", ())}
        assert {name for name in named if not name.startswith(".")} <= set(whole["volumes"])
        assert set(service.get("depends_on", ())) <= set(whole["services"])


def test_the_dockerfile_copies_what_is_there_and_let_through():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    lines = re.findall(r"^COPY --chown=\S+ (.+) \S+$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    sources = [source for line in lines for source in line.split()]
    assert "polyaxon_airflow" in sources
    for source in sources:
        assert (ROOT / source).exists()
        assert f"!{source}" in ignored


def test_the_image_is_the_airflow_that_is_tested():
    pinned = re.search(
        r"^apache-airflow==(\S+)$", (ROOT / ".ci" / "constraints.txt").read_text(), re.MULTILINE
    )
    assert f"FROM apache/airflow:{pinned[1]}-python" in (ROOT / "Dockerfile").read_text()


def test_images_of_the_examples_stand_for_environments_that_the_dockerfile_makes():
    environments = json.loads(
        airflow_services()["worker"]["environment"]["AIRFLOW__POLYAXON__PROCESS_ENVIRONMENTS"]
    )
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert all(f"python -m venv {place}" in dockerfile for place in environments.values())
    images = {
        match
        for file in (ROOT / "dags").glob("*.yaml")
        for match in re.findall(r"image: (\S+)", file.read_text())
    }
    assert any(fnmatch(image, pattern) for image in images for pattern in environments)
