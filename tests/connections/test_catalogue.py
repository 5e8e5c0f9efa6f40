import pytest

from polyaxon_airflow.connections.catalogue import contexts_of, read_catalogue, secret_name
from polyaxon_airflow.connections.checking import unknown_connections
from polyaxon_airflow.errors import CompilationError, PolyaxonfileError
from polyaxon_airflow.polyaxonfile.reading import read

FILE = """\
artifactsStore: runs
connections:
  - name: runs
    kind: s3
    schema: {bucket: "s3://acme/runs"}
    connId: aws_default
  - name: code
    kind: git
    description: our models
    tags: [git, models]
    schema: {url: "https://host/acme/models", revision: main}
    secret: {name: git-token, items: [POLYAXON_GIT_CREDENTIALS]}
    annotations: {team: vision}
  - name: data
    kind: volume_claim
    schema: {volumeClaim: data-pvc, mountPath: /data, readOnly: true}
  - {name: gcs, kind: gcs, schema: {bucket: "gs://x"}, env: {A: 1}, connId: google}
  - {name: keys, kind: ssh, connId: deploy_key}
  - {name: own-keys, kind: ssh, secret: {name: ssh, mountPath: /ssh, items: [id_rsa]}}
  - {name: alerts, kind: slack, configMap: {name: slack, items: [CHANNEL]}, schema: {any: thing}}
"""


@pytest.fixture(scope="module")
def catalogue():
    return read_catalogue(FILE)


def test_all_of_the_file_is_there(catalogue):
    assert list(catalogue.connections) == ["runs", "code", "data", "gcs", "keys", "own-keys", "alerts"]
    assert catalogue.artifacts_store.name == "runs"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("runs", {"secret": {"name": "polyaxon-connection-runs"}}, id="values of Airflow are a secret"),
        pytest.param("code", {"secret": {"name": "git-token", "items": ["POLYAXON_GIT_CREDENTIALS"]}}, id="the cluster's"),
        pytest.param("gcs", {"secret": {"name": "polyaxon-connection-gcs", "mountPath": "/plx-context/.secrets/gcs"},
                             "env": [["A", 1], ["GOOGLE_APPLICATION_CREDENTIALS", "/plx-context/.secrets/gcs/key.json"]]},
                     id="of kinds that want files"),
        pytest.param("keys", {"secret": {"name": "polyaxon-connection-keys", "mountPath": "/plx-context/.secrets/keys"},
                              "env": [["POLYAXON_SSH_PATH", "/plx-context/.secrets/keys"]]}, id="ssh keys"),
        pytest.param("own-keys", {"secret": {"name": "ssh", "mountPath": "/ssh", "items": ["id_rsa"]},
                                  "env": [["POLYAXON_SSH_PATH", "/ssh"]]}, id="ssh keys of the cluster, as in Polyaxon"),
    ],
)  # fmt: skip
def test_what_runs_see_of_secrets(catalogue, name, expected):
    """The variable for ssh is Polyaxon's (`ENV_KEYS_SSH_PATH` of its converter)."""
    shown = catalogue.find(name).to_dict()
    assert {key: shown[key] for key in expected} == expected
    assert "connId" not in shown


def test_templates_see_schema_name_and_kind(catalogue):
    contexts = contexts_of(catalogue.connections)
    assert contexts["code"] == {
        "url": "https://host/acme/models", "revision": "main", "name": "code", "kind": "git",
    }  # fmt: skip
    assert contexts["keys"] == {"name": "keys", "kind": "ssh"}


def test_an_unknown_name_is_told_the_known_ones(catalogue):
    with pytest.raises(CompilationError) as caught:
        catalogue.find("cod")
    assert str(caught.value) == (
        "unknown connection 'cod'; known: runs, code, data, gcs, keys, own-keys, alerts. Did you mean 'code'?"
    )


def test_the_store_may_be_written_in_full_as_for_polyaxons_agents():
    catalogue = read_catalogue(
        "artifactsStore: {name: a, kind: gcs, schema: {bucket: 'gs://a'}}\nconnections: []"
    )
    assert catalogue.artifacts_store.to_dict() == {"name": "a", "kind": "gcs", "schema": {"bucket": "gs://a"}}


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param("connections: [{name: a}]", ["c.yaml:1:15: 'kind' is missing in 'connections[0]'"], id="no kind"),
        pytest.param("connections: [{name: a, kind: s4}]", ["c.yaml:1:31: "], id="an unknown kind"),
        pytest.param("connections: [{name: a, kind: s3}]",
                     ["c.yaml:1:15: connection 'a' of kind s3 needs schema.bucket"], id="no bucket"),
        pytest.param("connections: [{name: a, kind: host_path, schema: {hostPath: /a, mountpath: /b}}]",
                     ["c.yaml:1:50: connection 'a' of kind host_path needs schema.mountPath",
                      "c.yaml:1:65: unknown key 'mountpath' in the schema of kind host_path; known: hostPath, mount"], id="a key of the schema misspelt"),
        pytest.param("connections:\n- {name: a_b, kind: aws}\n- {name: A-b, kind: aws}",
                     ["c.yaml:2:10: connection 'a_b' stands here more than once, up to case and punctuation",
                      "c.yaml:3:10: connection 'A-b' stands here more than once, up to case and punctuation"], id="twice"),
        pytest.param("artifactsStore: b\nconnections: [{name: a, kind: aws}]",
                     ["c.yaml:1:17: unknown connection 'b'; known: a"], id="an unknown store"),
        pytest.param("artifactsStore: a\nconnections: [{name: a, kind: aws}]",
                     ["c.yaml:1:17: connection 'a' is of kind aws, which keeps no artifacts; these do: s3, gcs, "], id="a store that keeps nothing"),
    ],
)  # fmt: skip
def test_faults_have_their_places(text, faults):
    with pytest.raises(PolyaxonfileError) as caught:
        read_catalogue(text, file="c.yaml")
    found = [str(fault) for fault in caught.value.faults]
    assert len(found) == len(faults)
    for fault, start in zip(found, faults, strict=True):
        assert fault.startswith(start)


@pytest.mark.parametrize("name", ["a", "My_Bucket.1", "--x--", "Ünïcode"])
def test_names_of_secrets_are_ones_that_kubernetes_takes(name):
    """RFC 1123 subdomain."""
    import re

    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", secret_name(name))


OPERATION = """\
version: 1.1
kind: operation
params:
  image: {value: x, connection: hub}
hooks: [{hubRef: slack, connection: alert}]
events:
- {kinds: [connection_git_commit], ref: connections.repo}
component:
  kind: component
  run:
    kind: dag
    operations:
    - name: train
      component:
        kind: component
        inputs: [{name: image, type: image, isOptional: true}]
        run:
          kind: job
          connections: [code, datum, "{{ image }}"]
          init: [{connection: code}, {git: {revision: x}, connection: cod}]
          container: {image: a, env: [{name: connection, value: x}]}
"""


def test_an_operation_that_asks_for_unknown_connections_is_told_where(catalogue):
    """`alerts` and `code` are known; so are names that only a run can tell."""
    reading = read(OPERATION, file="t.yaml")
    faults = PolyaxonfileError(reading.sources.all(unknown_connections(reading.operation, catalogue))).faults
    assert [(fault.line, fault.column, fault.message.partition(";")[0]) for fault in faults] == [
        (4, 33, "unknown connection 'hub'"),
        (5, 37, "unknown connection 'alert'"),
        (7, 41, "unknown connection 'repo'"),
        (19, 31, "unknown connection 'datum'"),
        (20, 71, "unknown connection 'cod'"),
    ]
