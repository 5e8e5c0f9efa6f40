"""The pod of a run. Expected values: spec sections 2.8 to 2.18 and 5, which cite Polyaxon 2.18's converter."""

import json

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.init.options import decode
from polyaxon_airflow.runtimes.launch import Site
from polyaxon_airflow.sections.connections import Connection
from polyaxon_airflow.sections.plugins import Plugins
from polyaxon_airflow.sections.termination import Termination
from tests.runtimes.runs import UUID, catalogue, manifest

JOB = "{kind: job, container: {image: 'python:3.12', command: [python, train.py]}}"
CONTEXT_MOUNTS = {
    "/plx-context": "polyaxon-context",
    f"/plx-context/artifacts/{UUID}": "polyaxon-run",
    f"/plx-context/offline/runs/{UUID}": "polyaxon-run",
    "/dev/shm": "shm",
}


def pod(text=JOB, **launch):
    return manifest(text, **launch)["pod"]


def main(text=JOB, **launch):
    return pod(text, **launch)["spec"]["containers"][0]


def values(container):
    """Environment as the container sees it: of equal names the last wins."""
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


def mounts(container):
    return {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}


def test_the_main_container_is_first_and_has_its_name():
    made = pod(
        "{kind: job, sidecars: [{name: Side_Car, image: s}], container: {name: x, image: i, command: [c]}}"
    )
    assert [container["name"] for container in made["spec"]["containers"]] == ["polyaxon-main", "side-car"]
    assert made["metadata"]["name"] == f"plx-operation-{UUID}"
    assert made["spec"]["restartPolicy"] == "Never"


def test_a_run_is_told_who_it_is_and_where_it_writes():
    found = values(main())
    assert {
        "POLYAXON_RUN_INSTANCE": f"acme.digits.runs.{UUID}",
        "POLYAXON_IS_MANAGED": "true",
        "POLYAXON_IS_OFFLINE": "true",
        "POLYAXON_OFFLINE_ROOT": "/plx-context/offline",
        "POLYAXON_METRICS_FILE": f"/plx-context/artifacts/{UUID}/metrics.jsonl",
        "POLYAXON_OUTPUTS_FILE": f"/plx-context/artifacts/{UUID}/outputs.json",
        "POLYAXON_K8S_POD_ID": {"fieldRef": {"fieldPath": "metadata.name"}},
        "POLYAXON_COLLECT_ARTIFACTS": "true",
        "NVIDIA_VISIBLE_DEVICES": "none",
    }.items() <= found.items()
    assert "POLYAXON_NO_CONFIG" not in found  # it would switch offline tracking off (spec section 5.3)


def test_the_runs_directory_stands_where_tracking_and_templates_look():
    assert mounts(main()) == CONTEXT_MOUNTS


def test_polyaxons_variables_win_over_the_containers_own():
    """The order of spec section 5.1: own, service, store, catalogue, connection, toEnv, secret items."""
    text = """
    kind: job
    connections: [bucket]
    container: {image: i, command: [c], env: [{name: OWN, value: 1}, {name: REGION, value: us}, {name: LR, value: x}]}
    """
    made = main(text, connections=catalogue(), variables=(("LR", "0.1"),))
    names = [entry["name"] for entry in made["env"]]
    order = ["OWN", "POLYAXON_RUN_INSTANCE", "POLYAXON_CONNECTIONS_CATALOG"]
    assert [name for name in names if name in order] == order
    assert names.index("POLYAXON_CONNECTIONS_CATALOG") < len(names) - 1 - names[::-1].index("REGION")
    assert names[-3:] == ["LR", "AWS_KEY", "NVIDIA_VISIBLE_DEVICES"]
    found = values(made)
    assert (found["OWN"], found["REGION"], found["LR"]) == ("1", "eu", "0.1")
    assert found["AWS_KEY"] == {"secretKeyRef": {"name": "keys", "key": "AWS_KEY"}}
    assert json.loads(found["POLYAXON_CONNECTIONS_CATALOG"])["connections"][0]["name"] == "bucket"


@pytest.mark.parametrize(
    ("name", "mount", "volume"),
    [
        pytest.param(
            "claim",
            {"name": "claim", "mountPath": "/mnt/claim", "readOnly": True},
            {"name": "claim", "persistentVolumeClaim": {"claimName": "data-claim"}},
            id="volume claim",
        ),
        pytest.param(
            "host",
            {"name": "host", "mountPath": "/mnt/host"},
            {"name": "host", "hostPath": {"path": "/data"}},
            id="host path",
        ),
        pytest.param(
            "files",
            {"name": "settings", "mountPath": "/etc/settings", "readOnly": True},
            {
                "name": "settings",
                "configMap": {"name": "settings", "items": [{"key": "a.ini", "path": "a.ini"}]},
            },
            id="mounted config map",
        ),
    ],
)
def test_connections_are_mounted(name, mount, volume):
    made = pod(
        f"{{kind: job, connections: [{name}], container: {{image: i, command: [c]}}}}",
        connections=catalogue(),
    )
    assert mount in made["spec"]["containers"][0]["volumeMounts"]
    assert volume in made["spec"]["volumes"]


def test_a_whole_secret_becomes_variables():
    made = main(
        "{kind: job, connections: [repo], container: {image: i, command: [c]}}", connections=catalogue()
    )
    assert made["envFrom"] == [{"secretRef": {"name": "git-login"}}]


def test_an_unknown_connection_is_named():
    with pytest.raises(CompilationError, match=r"'train' asks for connection 'nope'.*known: bucket, claim"):
        pod("{kind: job, connections: [nope], container: {image: i, command: [c]}}", connections=catalogue())


def test_a_job_without_container_is_refused():
    with pytest.raises(CompilationError, match="'train' has no container"):
        pod("{kind: job}")


@pytest.mark.parametrize(
    ("container", "said"),
    [
        ("env: {A: b}", "'env' of container 'polyaxon-main' must be a list of mappings, not {\"A\":\"b\"}"),
        ("env: [null]", "'env' of container 'polyaxon-main' must be a list of mappings, not [null]"),
        ("ports: [80]", "'ports' of container 'polyaxon-main' must be a list of mappings, not [80]"),
        ("volumeMounts: /data", "'volumeMounts' of container 'polyaxon-main' must be a list of mappings"),
        ("resources: [gpu]", "'resources' of container 'polyaxon-main' must be a mapping, not [\"gpu\"]"),
        (
            "resources: {limits: 2}",
            "'resources.limits' of container 'polyaxon-main' must be a mapping, not 2",
        ),
    ],
)
def test_what_has_not_the_shape_of_a_container_is_refused(container, said):
    with pytest.raises(CompilationError) as caught:
        pod(f"{{kind: job, container: {{image: i, {container}}}}}")
    assert said in str(caught.value)


ENVIRONMENT = """
kind: job
environment:
  labels: {tier: 1}
  annotations: {note: x}
  nodeSelector: {gpu: true}
  affinity: {nodeAffinity: {}}
  tolerations: [{key: gpu, operator: Exists}]
  nodeName: n1
  serviceAccountName: trainer
  hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]
  securityContext: {runAsUser: 1000, privileged: false}
  imagePullSecrets: [registry]
  hostNetwork: true
  hostPID: true
  dnsPolicy: ClusterFirstWithHostNet
  dnsConfig: {nameservers: [1.1.1.1]}
  schedulerName: volcano
  priority: 5
  priorityClassName: high
  restartPolicy: OnFailure
container: {image: i, command: [c]}
"""


def test_environment_reaches_the_pod_in_full():
    made = pod(ENVIRONMENT)
    spec = {key: value for key, value in made["spec"].items() if key not in {"containers", "volumes"}}
    assert spec == {
        "nodeSelector": {"gpu": "true"},
        "affinity": {"nodeAffinity": {}},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "nodeName": "n1",
        "serviceAccountName": "trainer",
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
        "securityContext": {"runAsUser": 1000},
        "imagePullSecrets": [{"name": "registry"}],
        "hostNetwork": True,
        "hostPID": True,
        "dnsPolicy": "ClusterFirstWithHostNet",
        "dnsConfig": {"nameservers": ["1.1.1.1"]},
        "schedulerName": "volcano",
        "priority": 5,
        "priorityClassName": "high",
        "restartPolicy": "OnFailure",
    }
    assert made["spec"]["containers"][0]["securityContext"] == {"privileged": False}
    assert made["metadata"]["labels"]["tier"] == "1"
    assert made["metadata"]["annotations"]["note"] == "x"


def test_a_run_is_found_by_its_labels():
    made = pod(
        "{kind: job, environment: {labels: {operation.polyaxon.com/uuid: mine}}, container: {image: i}}",
        name="a b",
    )
    assert made["metadata"]["labels"]["operation.polyaxon.com/uuid"] == UUID
    assert made["metadata"]["labels"]["app.kubernetes.io/name"] == "a-b"
    assert made["metadata"]["annotations"]["operation.polyaxon.com/project"] == "digits"


def test_annotations_of_connections_reach_the_pod():
    made = pod("{kind: job, connections: [host], container: {image: i}}", connections=catalogue())
    assert made["metadata"]["annotations"]["team"] == "ml"


def test_exit_code_is_a_policy_of_operators_only():
    assert (
        pod("{kind: job, environment: {restartPolicy: ExitCode}, container: {image: i}}")["spec"][
            "restartPolicy"
        ]
        == "Never"
    )


def test_numbers_become_the_text_that_kubernetes_wants():
    made = main(
        "{kind: job, container: {image: i, command: [train, --epochs, 3, null], args: --fast, "
        "env: [{name: A, value: 1.5}, {name: B, value: true}, {name: C, value: {x: 1}}, {D: 4}, {name: E}], "
        "resources: {limits: {cpu: 2, nvidia.com/gpu: 1}}}}"
    )
    assert made["command"] == ["train", "--epochs", "3"]
    assert made["args"] == ["--fast"]
    found = values(made)
    assert [found[name] for name in "ABCDE"] == ["1.5", "true", '{"x":1}', "4", ""]
    assert made["resources"] == {"limits": {"cpu": "2", "nvidia.com/gpu": "1"}}


@pytest.mark.parametrize(
    ("resources", "hidden"),
    [
        pytest.param("{limits: {nvidia.com/gpu: 1}}", False, id="one is asked for"),
        pytest.param("{requests: {amd.com/gpu: 1}}", False, id="of any vendor"),
        pytest.param("{limits: {nvidia.com/gpu: 0}}", True, id="none is asked for"),
        pytest.param("{limits: {cpu: 1}}", True, id="nothing is said of them"),
    ],
)
def test_gpus_are_hidden_from_who_asks_for_none(resources, hidden):
    made = main(f"{{kind: job, container: {{image: i, resources: {resources}}}}}")
    assert ("NVIDIA_VISIBLE_DEVICES" in values(made)) == hidden


@pytest.mark.parametrize(
    ("plugins", "added"),
    [
        pytest.param({}, {"/dev/shm"}, id="shared memory is on unless switched off"),
        pytest.param({"shm": False}, set(), id="shared memory off"),
        pytest.param({"docker": True}, {"/dev/shm", "/var/run/docker.sock"}, id="docker"),
    ],
)
def test_plugins_mount_what_they_need(plugins, added):
    found = mounts(main(plugins=Plugins(**plugins)))
    assert {path for path in found if not path.startswith("/plx-context")} == added


def test_plugins_set_variables():
    found = values(main(plugins=Plugins(collect_artifacts=False, log_level="DEBUG")))
    assert (found["POLYAXON_COLLECT_ARTIFACTS"], found["POLYAXON_LOG_LEVEL"]) == ("false", "DEBUG")


def test_a_timeout_is_the_pods_deadline():
    assert pod(termination=Termination(timeout=60))["spec"]["activeDeadlineSeconds"] == 60
    assert "activeDeadlineSeconds" not in pod(termination=Termination(timeout=0))["spec"]


def test_own_volumes_and_mounts_stay_and_win():
    text = """
    kind: job
    volumes: [{name: shm, emptyDir: {sizeLimit: 1Gi}}, {name: scratch, emptyDir: {}}]
    container: {image: i, volumeMounts: [{name: scratch, mountPath: /scratch}, {name: shm, mountPath: /dev/shm}]}
    """
    made = pod(text)
    assert {"name": "shm", "emptyDir": {"sizeLimit": "1Gi"}} in made["spec"]["volumes"]
    assert len({volume["name"] for volume in made["spec"]["volumes"]}) == len(made["spec"]["volumes"])
    paths = [mount["mountPath"] for mount in made["spec"]["containers"][0]["volumeMounts"]]
    assert len(set(paths)) == len(paths)


INIT = """
kind: job
init:
  - {git: {url: "https://git.example/a/b.git", revision: v1}}
  - {connection: repo, git: {revision: v2}, path: /code}
  - {file: {filename: run.sh, content: "echo $HOME", chmod: "755"}}
  - {container: {name: prepare, image: busybox, command: ["true"]}}
  - {connection: bucket, artifacts: {files: [a.csv]}, container: {image: mine}}
container: {image: i, command: [c]}
"""


def test_init_steps_become_containers_in_order():
    site = Site(helper_image="polyaxon-airflow:1")
    *made, relay = pod(INIT, connections=catalogue(), site=site)["spec"]["initContainers"]
    assert relay["name"] == "polyaxon-relay"
    assert [(container["name"], container["image"]) for container in made] == [
        ("polyaxon-init-git-0", "polyaxon-airflow:1"),
        ("polyaxon-init-git-1", "polyaxon-airflow:1"),
        ("polyaxon-init-file-2", "polyaxon-airflow:1"),
        ("prepare", "busybox"),
        ("polyaxon-init-artifacts-4", "mine"),
    ]
    assert made[3]["command"] == ["true"]


@pytest.mark.parametrize(
    ("index", "kind", "options"),
    [
        pytest.param(
            0,
            "git",
            {
                "url": "https://git.example/a/b.git",
                "revision": "v1",
                "name": "b",
                "to": "/plx-context/artifacts",
            },
            id="git by url, named like the repository",
        ),
        pytest.param(
            1,
            "git",
            {"url": "https://git.example/a/b.git", "revision": "v2", "name": "repo", "to": "/code"},
            id="git by connection, named like it, its own revision wins",
        ),
        pytest.param(
            2,
            "file",
            {"filename": "run.sh", "content": "echo $HOME", "chmod": "755", "to": "/plx-context/artifacts"},
            id="file",
        ),
    ],
)
def test_init_steps_are_told_what_to_do(index, kind, options):
    made = pod(INIT, connections=catalogue())["spec"]["initContainers"][index]
    assert (made["command"], made["args"][0]) == (["python", "-m", "polyaxon_airflow.init"], kind)
    assert decode(made["args"][1:]) == {**options, "run": f"/plx-context/artifacts/{UUID}"}


def test_what_init_steps_fill_outside_the_context_is_shared():
    spec = pod(INIT, connections=catalogue())["spec"]
    volume = mounts(spec["containers"][0])["/code"]
    assert {"name": volume, "emptyDir": {}} in spec["volumes"]
    assert {mounts(container)["/code"] for container in spec["initContainers"]} == {volume}


def test_who_gives_a_command_or_arguments_gives_the_whole_of_it():
    text = """
    kind: job
    init: [{file: {content: x}, container: {args: [own]}}, {file: {content: x}, container: {env: [{name: A, value: b}]}}]
    container: {image: i}
    """
    first, second = pod(text)["spec"]["initContainers"]
    assert ("command" in first, first["args"]) == (False, ["own"])
    assert second["command"] == ["python", "-m", "polyaxon_airflow.init"]
    assert {"name": "A", "value": "b"} in second["env"]


STORE = Connection.model_validate(
    {"name": "store", "kind": "host_path", "schema": {"hostPath": "/runs", "mountPath": "/mnt/runs"}}
)


@pytest.mark.parametrize(
    ("entry", "to"),
    [
        pytest.param("artifacts: {dirs: [a]}", "/plx-context/artifacts", id="artifacts"),
        pytest.param(
            "{artifacts: {dirs: [a]}, connection: store}", "/plx-context/artifacts", id="by its name"
        ),
        pytest.param("paths: [a]", "/plx-context/artifacts", id="paths"),
        pytest.param(
            "tensorboard: {uuids: ['00000000000000000000000000000001']}",
            "/plx-context/artifacts",
            id="events",
        ),
    ],
)
def test_init_steps_read_the_artifacts_store(entry, to):
    text = f"{{kind: job, init: [{entry if entry.startswith('{') else f'{{{entry}}}'}], container: {{image: i}}}}"
    made = pod(text, connections={"store": STORE}, artifacts_store=STORE)["spec"]
    options = decode(made["initContainers"][0]["args"][1:])
    assert (options["root"], options["to"]) == ("/mnt/runs", to)
    assert mounts(made["initContainers"][0])["/mnt/runs"] == "store"
    assert {"name": "store", "hostPath": {"path": "/runs"}} in made["volumes"]
    assert "/mnt/runs" not in mounts(made["containers"][0])


def test_init_steps_get_the_secrets_of_their_connection():
    made = pod(INIT, connections=catalogue())["spec"]["initContainers"]
    assert made[1]["envFrom"] == [{"secretRef": {"name": "git-login"}}]
    assert "envFrom" not in made[0]


HELPED = Site(helper_image="helper:1")


def stores():
    return {
        "bucket": catalogue()["bucket"],
        "claim": catalogue()["claim"],
        "host": catalogue()["host"],
    }


def helpers(**launch):
    found = pod(site=HELPED, **launch)["spec"].get("initContainers", [])
    return {container["name"]: container for container in found}


def test_helpers_carry_what_the_run_tracks_and_writes():
    found = helpers(artifacts_store=stores()["bucket"], plugins=Plugins(sidecar={"syncInterval": 60}))
    folder = f"/plx-context/artifacts/{UUID}"
    assert {name: container["command"][2:] for name, container in found.items()} == {
        "polyaxon-relay": ["polyaxon_airflow.tracking", folder, "--ready=/plx-context/.polyaxon-relay"],
        "polyaxon-artifacts": [
            "polyaxon_airflow.artifacts",
            "s3://data",
            UUID,
            folder,
            "--every=60",
            "--attempt=1",
            "--ready=/plx-context/.polyaxon-artifacts",
        ],
    }
    # They must hear a signal before the main container may end.
    for name, container in found.items():
        assert container["startupProbe"]["exec"]["command"] == ["cat", f"/plx-context/.{name}"]
    assert {container["restartPolicy"] for container in found.values()} == {"Always"}
    assert "AWS_KEY" in values(found["polyaxon-artifacts"])
    assert "AWS_KEY" not in values(found["polyaxon-relay"])


def test_a_further_attempt_gets_back_what_the_one_before_left():
    bucket = stores()["bucket"]
    first, *_ = pod(site=HELPED, artifacts_store=bucket, attempt=3)["spec"]["initContainers"]
    folder = f"/plx-context/artifacts/{UUID}"
    assert (first["name"], "restartPolicy" in first) == ("polyaxon-restore", False)
    assert first["command"][:4] == ["python", "-m", "polyaxon_airflow.init", "restore"]
    assert decode(first["command"][4:]) == {"root": "s3://data", "uuid": UUID, "to": folder}
    assert "polyaxon-restore" not in helpers(artifacts_store=bucket, attempt=1)
    assert "polyaxon-restore" not in helpers(
        artifacts_store=bucket, attempt=3, plugins=Plugins(auto_resume=False)
    )


@pytest.mark.parametrize(
    ("launch", "names"),
    [
        pytest.param(
            {"artifacts_store": stores()["claim"]}, {"polyaxon-relay"}, id="a store that is a volume"
        ),
        pytest.param(
            {"artifacts_store": stores()["bucket"], "plugins": Plugins(collect_artifacts=False)},
            {"polyaxon-relay"},
            id="artifacts that are not collected",
        ),
    ],
)
def test_no_helper_stands_idle(launch, names):
    assert set(helpers(**launch)) == names


def test_a_store_that_is_a_volume_holds_the_runs_directory():
    made = pod(artifacts_store=stores()["claim"])
    volume = next(found for found in made["spec"]["volumes"] if found["name"] == "polyaxon-run")
    assert volume["persistentVolumeClaim"] == {"claimName": "data-claim"}
    own = [m for m in made["spec"]["containers"][0]["volumeMounts"] if m["name"] == "polyaxon-run"]
    assert {mount["subPath"] for mount in own} == {UUID}


def test_a_run_can_ask_for_the_whole_store():
    found = mounts(main(artifacts_store=stores()["claim"], plugins=Plugins(mount_artifacts_store=True)))
    assert found["/mnt/claim"] == "claim"


def test_a_deployment_adds_its_defaults():
    site = Site(
        service_account="runs",
        node_selector={"pool": "ml"},
        tolerations=({"key": "ml", "operator": "Exists"},),
        image_pull_secrets=("registry",),
        variables={"HTTPS_PROXY": "http://proxy"},
        labels={"kueue.x-k8s.io/queue-name": "gpu"},
        priority_class="polyaxon-lab-gpu",
    )
    made = pod(site=site)
    assert made["spec"]["serviceAccountName"] == "runs"
    assert made["spec"]["nodeSelector"] == {"pool": "ml"}
    assert made["spec"]["tolerations"] == [{"key": "ml", "operator": "Exists"}]
    assert made["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert made["spec"]["priorityClassName"] == "polyaxon-lab-gpu"
    assert made["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpu"
    assert values(made["spec"]["containers"][0])["HTTPS_PROXY"] == "http://proxy"
    assert pod(ENVIRONMENT, site=site)["spec"]["serviceAccountName"] == "trainer"


def test_a_service_has_ports_copies_and_a_name_in_the_cluster():
    made = manifest(
        "{kind: service, ports: [8888, 6006], replicas: 2, container: {image: i, ports: [{containerPort: 8888, name: web}]}}"
    )
    ports = made["pod"]["spec"]["containers"][0]["ports"]
    assert ports == [{"containerPort": 8888, "name": "web"}, {"containerPort": 6006}]
    copy, service = made["companions"]
    assert copy["metadata"]["name"] == f"plx-operation-{UUID}-1"
    assert service["spec"]["selector"] == {"operation.polyaxon.com/uuid": UUID}
    assert [port["port"] for port in service["spec"]["ports"]] == [8888, 6006]


def test_a_dag_is_no_run():
    with pytest.raises(CompilationError, match="'train' is a dag, whose operations run"):
        manifest("{kind: dag, operations: [{name: a, run: {kind: job, container: {image: i}}}]}")
