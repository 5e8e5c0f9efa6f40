import sys
import time

from polyaxon_airflow.keeper.errand import Errand

GATE = "import pathlib, sys, time\nwhile pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)"


def test_one_process_at_a_time_works_on_clusters(tmp_path):
    (tmp_path / "gate").touch()
    errand = Errand([sys.executable, "-c", GATE, str(tmp_path / "gate")])
    assert errand.begin("end", ["a"])
    assert not errand.begin("remove", ["b"])
    (tmp_path / "gate").unlink()
    deadline = time.monotonic() + 60
    while not errand.begin("remove", ["b"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    errand.stop()
