import re
from pathlib import Path

from polyaxon_airflow.tracking import Tracker, read_outputs

PAGE = (Path(__file__).parents[2] / "docs" / "tracking.md").read_text()


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_the_programs_of_the_page_report(tmp_path):
    program = "\n".join(blocks("python"))
    for name in ("METRICS", "OUTPUTS"):
        program = program.replace(f'os.environ["POLYAXON_{name}_FILE"]', repr(str(tmp_path / name)))
    exec(program, {})
    points = Tracker(metrics_file=tmp_path / "METRICS").finish(0.0).points
    assert [(point.name, point.step) for point in points] == [
        (name, step) for step in range(3) for name in ("loss", "val__acc")
    ]
    assert read_outputs((tmp_path / "OUTPUTS").read_text()) == {"accuracy": 0.93, "model": "outputs/model.pt"}


def test_the_log_line_of_the_page_is_found():
    tracker = Tracker(names=["loss", "val/acc"])
    tracker.line(blocks("text")[0], at=0.0)
    assert [tuple(point)[:3] for point in tracker.poll(0.0).points] == [
        ("loss", 3, 0.5134),
        ("val__acc", 3, 0.81),
    ]
