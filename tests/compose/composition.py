"""docker-compose.yml as Docker Compose understands it: variables filled in, merged keys resolved."""

import re
import shlex
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
OURS = "polyaxon-airflow"  # the image that the Dockerfile makes


def composition():
    """The file with the default of every `${NAME:-default}`, and `$$` for a dollar."""
    text = (ROOT / "docker-compose.yml").read_text()
    text = re.sub(r"(?<!\$)\$\{\w+:-([^}]*)\}", r"\1", text)
    return yaml.safe_load(text.replace("$$", "$"))


def airflow_services():
    """Those that run the Dockerfile's image, by name."""
    return {name: each for name, each in composition()["services"].items() if each["image"] == OURS}


def airflow_command(service):
    """The words after `airflow`; the image's own entrypoint puts that before a command."""
    if service.get("entrypoint"):
        *_, last = service["command"][0].strip().splitlines()
        return shlex.split(last.removeprefix("exec airflow "))
    return shlex.split(service["command"])
