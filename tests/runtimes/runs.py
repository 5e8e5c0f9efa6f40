"""Literal runs for tests, from the YAML of their `run` section."""

import yaml

from polyaxon_airflow.runtimes import RUNTIME
from polyaxon_airflow.runtimes.launch import Launch
from polyaxon_airflow.sections.connections import Connection

UUID = "0123456789abcdef0123456789abcdef"

CONNECTIONS = """
- {name: bucket, kind: s3, schema: {bucket: "s3://data"}, secret: {name: keys, items: [AWS_KEY]}, env: {REGION: eu}}
- {name: claim, kind: volume_claim, schema: {volumeClaim: data-claim, mountPath: /mnt/claim, readOnly: true}}
- {name: host, kind: host_path, schema: {hostPath: /data, mountPath: /mnt/host}, annotations: {team: ml}}
- {name: repo, kind: git, schema: {url: "https://git.example/a/b.git", revision: main}, secret: {name: git-login}}
- {name: files, kind: custom, configMap: {name: settings, mountPath: /etc/settings, items: [a.ini]}}
"""


def catalogue():
    return {entry["name"]: Connection.model_validate(entry) for entry in yaml.safe_load(CONNECTIONS)}


def run(text):
    section = yaml.safe_load(text)
    return RUNTIME.load(section["kind"]).model_validate(section)


def launch(**fields):
    return Launch(**{"uuid": UUID, "name": "train", "owner": "acme", "project": "digits", **fields})


def manifest(text, **fields):
    return run(text).manifest(launch(**fields))
