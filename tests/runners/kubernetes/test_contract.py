import pytest

from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from tests.contracts.runner import RunnerContract
from tests.kube.fixtures import connector


class TestKubernetesRunner(RunnerContract):
    @pytest.fixture
    def runner(self, namespace):
        return KubernetesRunner(connector(namespace.kubeconfig), namespace.name, grace=self.grace)
