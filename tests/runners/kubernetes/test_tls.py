"""An API server with an authority of its own, which the connection's kubeconfig names."""

import json
from pathlib import Path

import pytest

from polyaxon_airflow.errors import TemporaryRunnerError
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from tests.contracts.runner import Followed, container, pod
from tests.kube.authority import Authority
from tests.kube.cluster import Cluster
from tests.kube.fixtures import connector, needs_namespaces


@pytest.fixture(scope="module")
def cluster():
    needs_namespaces()
    with Cluster(authority=Authority()) as cluster:
        yield cluster


def test_a_run_ends_on_a_cluster_that_its_kubeconfig_vouches_for(cluster):
    runner = KubernetesRunner(connector(cluster.kubeconfig), "default", grace=1)
    assert Followed(runner, pod(container("echo x"))).text() == ["x"]


def test_a_server_that_nobody_vouches_for_gets_no_run(cluster, tmp_path):
    unknown = json.loads(Path(cluster.kubeconfig).read_text())
    del unknown["clusters"][0]["cluster"]["certificate-authority-data"]
    (tmp_path / "kubeconfig").write_text(json.dumps(unknown))
    runner = KubernetesRunner(connector(tmp_path / "kubeconfig"), "default", delays=())
    with pytest.raises(TemporaryRunnerError, match="certificate verify failed"):
        Followed(runner, pod(container("echo x")))
