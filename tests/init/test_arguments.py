import pytest
import yaml

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.init.arguments import Places, step_arguments, target
from polyaxon_airflow.init.entry import Init
from polyaxon_airflow.init.options import decode
from polyaxon_airflow.sections.connections import Connection

RUN, OTHER = "1" * 32, "2" * 32
ARTIFACTS = "/plx-context/artifacts"
CONNECTIONS = {
    connection.name: connection
    for connection in map(
        Connection.model_validate,
        yaml.safe_load("""
        - {name: store, kind: s3, schema: {bucket: "s3://runs/all"}}
        - {name: data, kind: gcs, schema: {bucket: "gs://data"}}
        - {name: disk, kind: volume_claim, schema: {volumeClaim: pvc, mountPath: /mnt/disk}}
        - {name: host, kind: host_path, schema: {hostPath: /srv, mountPath: /mnt/srv}}
        - {name: code, kind: git, schema: {url: "https://host/acme/models", revision: main, flags: [--depth 3]}}
        - {name: keys, kind: ssh}
        - {name: bare, kind: git}
        - {name: pg, kind: postgres}
        """),
    )
}
PLACES = Places(ARTIFACTS, f"{ARTIFACTS}/{RUN}", CONNECTIONS["store"], {OTHER: "adam", "3" * 32: "adam"})


def entry(text):
    return Init.model_validate(yaml.safe_load(text))


def arguments(text, places=PLACES):
    step = entry(text)
    return step_arguments(step, CONNECTIONS.get(step.connection), places)


# Targets are those of spec section 2.14, as Polyaxon 2.18's converters give them.
@pytest.mark.parametrize(
    ("text", "kind", "options"),
    [
        pytest.param("file: {content: x}", "file", {"to": ARTIFACTS, "content": "x"}, id="file"),
        pytest.param("{file: {content: x, filename: a, chmod: +x, kind: csv}, path: /t}", "file",
                     {"to": "/t", "content": "x", "filename": "a", "chmod": "+x", "kind": "csv"}, id="file in full"),
        pytest.param("dockerfile: {image: a}", "file", {"to": ARTIFACTS, "filename": "Dockerfile", "kind": "dockerfile",
                     "content": 'FROM a\nENV SHELL="/bin/bash"\nWORKDIR /code\n'}, id="dockerfile"),
        pytest.param("git: {url: 'https://host/acme/my-repo.git'}", "git",
                     {"to": ARTIFACTS, "name": "my-repo", "url": "https://host/acme/my-repo.git"}, id="git by url"),
        pytest.param("{git: {url: 'git@host:acme/a', revision: v1, flags: [--depth 2]}, path: /t}", "git", {"to": "/t",
                     "name": "a", "url": "git@host:acme/a", "revision": "v1", "flags": ["--depth 2"]}, id="git in full"),
        pytest.param("connection: code", "git", {"to": ARTIFACTS, "name": "code", "url": "https://host/acme/models",
                     "revision": "main", "flags": ["--depth 3"]}, id="a git connection alone"),
        pytest.param("{git: {revision: dev}, connection: code}", "git", {"to": ARTIFACTS, "name": "code", "flags": [
                     "--depth 3"], "url": "https://host/acme/models", "revision": "dev"}, id="its revision replaced"),
        pytest.param("{git: {url: 'git@host:a/b'}, connection: keys}", "git",
                     {"to": ARTIFACTS, "name": "keys", "url": "git@host:a/b"}, id="git with the keys of a connection"),
        pytest.param("artifacts: {files: [a, [b, c]], dirs: [d], workers: 3}", "artifacts", {"root": "s3://runs/all",
                     "to": ARTIFACTS, "files": ["a", ["b", "c"]], "dirs": ["d"], "workers": 3}, id="the default store"),
        pytest.param("{artifacts: {files: [a]}, connection: store}", "artifacts",
                     {"root": "s3://runs/all", "to": ARTIFACTS, "files": ["a"]}, id="the default store by name"),
        pytest.param("{artifacts: {files: [a]}, connection: data}", "artifacts",
                     {"root": "gs://data", "to": f"{ARTIFACTS}/data", "files": ["a"]}, id="a named bucket"),
        pytest.param("{paths: [a, [b, c]], connection: disk}", "artifacts",
                     {"root": "/mnt/disk", "to": f"{ARTIFACTS}/disk", "paths": ["a", ["b", "c"]]}, id="a volume"),
        pytest.param("{paths: [a], connection: host, path: /t}", "artifacts",
                     {"root": "/mnt/srv", "to": "/t", "paths": ["a"]}, id="a path of the host"),
        pytest.param("{paths: a}", "artifacts", {"root": "s3://runs/all", "to": ARTIFACTS, "paths": ["a"]}, id="one path"),
        pytest.param("connection: data", "artifacts", {"root": "gs://data", "to": f"{ARTIFACTS}/data"}, id="all of one"),
        pytest.param(f"tensorboard: {{uuids: ['{OTHER}'], port: 7}}", "tensorboard", {"root": "s3://runs/all",
                     "to": ARTIFACTS, "port": 7, "runs": {OTHER: OTHER}}, id="tensorboard"),
        pytest.param(f"tensorboard: {{uuids: ['{OTHER}', '{'3' * 32}'], useNames: true}}", "tensorboard",
                     {"root": "s3://runs/all", "to": ARTIFACTS, "runs": {OTHER: "adam", "3" * 32: "adam-3333333333"}},
                     id="tensorboard by names, which stay apart"),
    ],
)  # fmt: skip
def test_an_entry_as_arguments(text, kind, options):
    found, *pieces = arguments(text)
    where = {"run": f"{ARTIFACTS}/{RUN}"} if kind in ("file", "git") else {}
    assert (found, decode(pieces)) == (kind, {**options, **where})


def test_a_container_of_ones_own_has_no_arguments():
    assert arguments("container: {image: busybox, command: [ls]}") is None
    assert arguments("{container: {image: busybox, command: [ls]}, connection: pg}") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "an entry without a source puts nothing in place. Give it a source, or a container that does"),
        ("connection: pg", r"connection 'pg' \(postgres\) puts nothing in place"),
        ("connection: bare", "git has no url, and neither has connection 'bare' in its schema"),
        ("tensorboard: {port: 1}", "tensorboard names no runs. List them in uuids"),
        ("lineageRef: 'a:b'", "lineage_ref 'a:b' is not resolved"),
        (
            "{paths: [a], connection: bare}",
            "connection 'bare' has no schema.bucket, so nothing can be pulled from it",
        ),
    ],
)
def test_what_puts_nothing_in_place_is_refused(text, sentence):
    with pytest.raises(CompilationError, match=sentence):
        arguments(text)


def test_without_an_artifacts_store_one_is_told_where_to_set_it():
    with pytest.raises(CompilationError, match=r"Set \[polyaxon\] artifacts_root, or name a connection"):
        arguments("artifacts: {files: [a]}", Places(ARTIFACTS, f"{ARTIFACTS}/{RUN}"))


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("connection: code", ARTIFACTS),
        ("connection: disk", f"{ARTIFACTS}/disk"),
        ("{connection: disk, path: /t}", "/t"),
    ],
)
def test_the_folder_that_an_entry_fills(text, folder):
    step = entry(text)
    assert target(step, PLACES, CONNECTIONS.get(step.connection)) == folder
