import pytest

from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from tests.contracts.runner import RunnerContract
from tests.kube.fixtures import connector


class TestKubernetesRunner(RunnerContract):
    @pytest.fixture
    def runner(self, namespace):
        return KubernetesRunner(connector(namespace.kubeconfig), namespace.name, grace=self.grace)

    @pytest.fixture
    def recipe(self, namespace):
        return f"""
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from tests.kube.fixtures import connector
runner = KubernetesRunner(connector({namespace.kubeconfig!r}), {namespace.name!r}, grace={self.grace})
"""

    @pytest.fixture
    def ruin(self, core):
        return lambda handle: core.delete_namespaced_pod(
            handle["name"], handle["namespace"], grace_period_seconds=0
        )
