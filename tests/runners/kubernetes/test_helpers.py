"""What runs track in their pods, carried by helpers whose image is this very machine."""

import time
from pathlib import Path
from uuid import uuid4

import pytest

from polyaxon_airflow.runners.base import Outcome
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from polyaxon_airflow.runtimes.helpers import RELAY
from polyaxon_airflow.runtimes.launch import Site
from polyaxon_airflow.tracking import Tracker
from polyaxon_airflow.tracking.relay import Mirror
from tests.contracts.runner import Followed
from tests.kube.fixtures import REAL, connector
from tests.runtimes.runs import manifest

pytestmark = pytest.mark.skipif(REAL, reason="the image of a real cluster has no helpers of this checkout")

TRACKS = """
kind: job
{more}
container:
  image: python
  command: [sh, -c]
  args:
    - |
      echo '{{"step": 1, "loss": 0.5}}' >> $POLYAXON_METRICS_FILE
      mkdir -p $POLYAXON_OFFLINE_ROOT/runs/{uuid}/events/metric
      echo 'step|timestamp|metric' > $POLYAXON_OFFLINE_ROOT/runs/{uuid}/events/metric/acc.plx
      echo '1||0.9' >> $POLYAXON_OFFLINE_ROOT/runs/{uuid}/events/metric/acc.plx
      echo tracked; sleep {seconds}
      echo '{{"best": 0.9}}' > $POLYAXON_OUTPUTS_FILE
"""
SIDECAR = 'sidecars: [{name: own, image: i, command: [sh, -c, "while true; do sleep 0.1; done"]}]'


@pytest.fixture
def site(namespace):
    root = str(Path(__file__).parents[3])
    return Site(helper_image="helper", variables={"PYTHONPATH": root})


class Carried(Followed):
    """A run whose relay's frames are put together again, with the time at which the first metric was there."""

    def __init__(self, runner, text, folder, **launch):
        uuid = uuid4().hex
        self.folder = folder / "runs" / uuid
        self.mirror = Mirror(self.folder)
        self.tracker = Tracker(runs=folder / "runs", uuid=uuid, metrics_file=self.folder / "metrics.jsonl")
        self.points, self.seen_at = [], None
        made = manifest(text.replace("{uuid}", uuid), uuid=uuid, **launch)
        super().__init__(runner, made, uuid=uuid)
        self.points += self.tracker.finish(0).points

    def on_lines(self, lines):
        super().on_lines(lines)
        for line in lines:
            if line.container == RELAY:
                assert self.mirror.take(line.text)
        self.points += self.tracker.poll(0).points
        if self.points and self.seen_at is None:
            self.seen_at = time.monotonic() - self.start


@pytest.mark.parametrize(
    "more", [pytest.param("", id="alone"), pytest.param(SIDECAR, id="beside a sidecar that does not end")]
)
def test_what_a_pod_tracks_arrives_while_it_runs(namespace, site, tmp_path, more):
    runner = KubernetesRunner(connector(namespace.kubeconfig), namespace.name, grace=5)
    text = TRACKS.format(more=more, uuid="{uuid}", seconds=6)
    followed = Carried(runner, text, tmp_path, site=site)
    assert followed.outcome == Outcome("succeeded", 0)
    assert sorted(point[:3] for point in followed.points) == [("acc", 1, 0.9), ("loss", 1, 0.5)]
    assert followed.seen_at < followed.seconds - 2
    assert (followed.folder / "outputs.json").read_text() == '{"best": 0.9}\n'
    assert followed.text() == ["tracked"]
