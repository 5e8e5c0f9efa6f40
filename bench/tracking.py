"""How many reports a second are read, each way; CPU of this process, 5 repeats, interleaved.

    python bench/tracking.py [--lines 100000]

Goal: 50,000 lines a second. Writes bench/results/tracking.json.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from polyaxon_airflow.tracking import Tracker  # noqa: E402

CHATTER = (
    "2026-07-01 12:00:{:02d},123 INFO trainer.loop: batch {} of 1000 took 0.03s, lr: 0.001, device cuda:0"
)
UUID = "0" * 32


def log_of_reports(lines):
    return [f"epoch={n} loss={1 / (n + 1):.6f} acc={n / lines:.4f}" for n in range(lines)]


def log_of_chatter(lines):
    """One line in a hundred reports, the others only look like it."""
    return [f"step={n} loss=0.5" if n % 100 == 0 else CHATTER.format(n % 60, n) for n in range(lines)]


def read_log(log):
    tracker = Tracker(names=["loss", "acc"])
    for line in log:
        tracker.line(line, at=0.0)
    return len(tracker.poll(0.0).points)


def read_json_lines(folder):
    return len(Tracker(metrics_file=folder / "metrics.jsonl").finish(0.0).points)


def read_events(folder):
    return len(Tracker(runs=folder / "runs", uuid=UUID).finish(0.0).points)


def write_files(folder, lines):
    reports = (json.dumps({"step": n, "loss": 1 / (n + 1)}) for n in range(lines))
    (folder / "metrics.jsonl").write_text("".join(f"{report}\n" for report in reports))
    events = folder / "runs" / UUID / "events" / "metric"
    events.mkdir(parents=True)
    rows = (f"\n{n}|2026-11-21 19:19:23.515635+00:00|{1 / (n + 1)}" for n in range(lines))
    (events / "loss.plx").write_text("step|timestamp|metric" + "".join(rows))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, lines)
        reports, chatter = log_of_reports(lines), log_of_chatter(lines)
        ways = {
            "log, each line a report of two metrics": (lambda: read_log(reports), 2 * lines),
            "log, one line in 100 a report": (lambda: read_log(chatter), lines // 100),
            "POLYAXON_METRICS_FILE": (lambda: read_json_lines(folder), lines),
            "traceml's events": (lambda: read_events(folder), lines),
        }
        rates = {way: [] for way in ways}
        for _ in range(5):
            for way, (read, points) in ways.items():
                start = time.process_time()
                assert read() == points
                rates[way].append(lines / (time.process_time() - start))
    results = {
        way: {"lines_per_second": round(statistics.median(found)), "least": round(min(found))}
        for way, found in rates.items()
    }
    for way, found in results.items():
        print(f"{found['lines_per_second']:10,} lines/s (least {found['least']:,})  {way}")
    path = HERE / "results" / "tracking.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"lines": lines, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
