"""Early stopping on real learning curves: epochs used, regret, and how often the later winner is stopped.

    python bench/stopping.py [--orders 24] [--sets sgd_digits ...] [--results DIR]

8 workers run the configurations of a set in a random order and at random speeds. Each report is judged by the
policy's own code; trials that run beside it are judged again in every round. A trial is stopped at once. Rivals are their
rules, written down from their sources: Optuna's MedianPruner and SuccessiveHalvingPruner, Katib's medianstop.
The constants of the policies were chosen on all sets but `HELD_OUT`.
"""

import argparse
import heapq
import json
import math
import statistics
from functools import partial
from pathlib import Path
from random import Random
from typing import Annotated

from pydantic import TypeAdapter

from polyaxon_airflow.early_stopping import POLICY, Curve, Policy
from polyaxon_airflow.early_stopping.curves import Progress

HERE = Path(__file__).resolve().parent
POLICIES = TypeAdapter(Annotated[Policy, POLICY])
WORKERS = 8
TOLERANCE = 0.01  # of the range of final scores: a regret that matters
HELD_OUT = ("boosting_diabetes", "mlp_cancer")


class Growing(Progress):
    """A curve that reports come to."""

    def __init__(self, index, sign):
        super().__init__(Curve(index, "running", (), ()), sign)
        self.sign = sign

    def report(self, value):
        self.steps.append(len(self.steps) + 1)
        self.scores.append(self.sign * value if math.isfinite(value) else -math.inf)
        self.bests.append(max(self.bests[-1], self.scores[-1]) if self.bests else self.scores[-1])


def ours(**fields):
    policy = POLICIES.validate_python(fields)

    def stops(trial, others, _just_reported):
        return policy.judge(trial, others, "metric", trial.sign) is not None

    return stops


def at_report(rule):
    """A rule of a rival, which looks at a trial only when it reports."""
    return lambda trial, others, just_reported: just_reported and rule(trial, others)


def optuna_median(trial, others, startup, warmup):
    """MedianPruner: its best so far against the median, at this step, of the trials that are complete."""
    complete = [other for other in others if other.state == "succeeded"]
    step = len(trial.steps)
    if len(complete) < startup or step <= warmup:
        return False
    return trial.bests[-1] < statistics.median(other.scores[step - 1] for other in complete)


def optuna_halving(trial, others, eta, lowest):
    """SuccessiveHalvingPruner: at a rung, not among the best 1/eta of the values that were left there."""
    rung = lowest
    while rung < len(trial.steps):
        rung *= eta
    if rung != len(trial.steps):
        return False
    values = [other.scores[rung - 1] for other in others if len(other.scores) >= rung] + [trial.scores[-1]]
    return trial.scores[-1] < sorted(values, reverse=True)[max(len(values) // eta, 1) - 1]


def katib(trial, others, samples, start):
    """medianstop: its best so far against the mean of the means of the first steps of those that succeeded."""
    done = [other for other in others if other.state == "succeeded"]
    if len(done) < samples or len(trial.steps) < start:
        return False
    return trial.bests[-1] < statistics.fmean(statistics.fmean(other.scores[:start]) for other in done)


RULES = {
    "median": ours(kind="median"),
    "truncation 50% every 4": ours(kind="truncation", percent=50, evaluationInterval=4),
    "truncation 80% every 4": ours(kind="truncation", percent=80, evaluationInterval=4),
    "diff 10%": ours(kind="diff", percent=10, evaluationInterval=1),
    "asha eta 2": ours(kind="asha", eta=2),
    "asha eta 3": ours(kind="asha", eta=3),
    "asha eta 3 from 4": ours(kind="asha", eta=3, minInterval=4),
    "Optuna MedianPruner(5, 0)": at_report(partial(optuna_median, startup=5, warmup=0)),
    "Optuna MedianPruner(5, 10)": at_report(partial(optuna_median, startup=5, warmup=10)),
    "Optuna SuccessiveHalving(1, 3)": at_report(partial(optuna_halving, eta=3, lowest=1)),
    "Optuna SuccessiveHalving(3, 3)": at_report(partial(optuna_halving, eta=3, lowest=3)),
    "Katib medianstop(3, 4)": at_report(partial(katib, samples=3, start=4)),
}


class Sweep:
    """All configurations of a set in the order and at the speeds of a seed."""

    def __init__(self, curves, sign, rule, seed):
        rng = Random(seed)
        self.curves, self.sign, self.rule = curves, sign, rule
        self.waiting = iter(rng.sample(range(len(curves)), len(curves)))
        self.speeds = [rng.lognormvariate(0, 0.3) for _ in curves]
        self.trials, self.running, self.queue = [], {}, []

    def run(self):
        for _ in range(WORKERS):
            self.start(0.0)
        reports = 0
        while self.queue:
            now, index = heapq.heappop(self.queue)
            if index in self.running:
                self.report(self.running[index], now)
                reports += 1
            if reports % WORKERS == 0:
                self.judge_running(now)
        return outcome(self.curves, self.sign, self.trials)

    def start(self, now):
        index = next(self.waiting, None)
        if index is not None:
            self.running[index] = Growing(index, self.sign)
            self.trials.append(self.running[index])
            heapq.heappush(self.queue, (now + self.speeds[index], index))

    def report(self, trial, now):
        curve = self.curves[trial.index]
        trial.report(curve[len(trial.steps)])
        if len(trial.steps) == len(curve):
            self.end(trial, "succeeded", now)
        elif self.rule(trial, self.others(trial), True):
            self.end(trial, "stopped", now)
        else:
            heapq.heappush(self.queue, (now + self.speeds[trial.index], trial.index))

    def judge_running(self, now):
        """What others have shown may stop a trial between its reports."""
        for trial in list(self.running.values()):
            if self.rule(trial, self.others(trial), False):
                self.end(trial, "stopped", now)

    def end(self, trial, state, now):
        self.running.pop(trial.index).state = state
        self.start(now)

    def others(self, trial):
        return [other for other in self.trials if other is not trial]


def outcome(curves, sign, trials):
    """Share of epochs used, regret as a share of the range of final scores, whether the best was stopped."""
    finals = [sign * curve[-1] if math.isfinite(curve[-1]) else -math.inf for curve in curves]
    finite = [final for final in finals if math.isfinite(final)]
    kept = max((finals[trial.index] for trial in trials if trial.state == "succeeded"), default=min(finite))
    return {
        "used": sum(len(trial.steps) for trial in trials) / sum(map(len, curves)),
        "regret": (max(finite) - kept) / (max(finite) - min(finite)),
        "stopped_best": kept < max(finite),
    }


def sets(folder, names):
    for path in sorted(folder.glob("*.json")):
        if not names or path.stem in names:
            document = json.loads(path.read_text())
            for metric, sign in (("acc", 1), ("loss", -1)):
                if metric in document:
                    yield f"{path.stem} {metric}", document[metric], sign


def summary(rows):
    return {
        "used": round(statistics.median(row["used"] for row in rows), 4),
        "used_quartiles": [
            round(q, 4) for q in statistics.quantiles([row["used"] for row in rows], n=4)[::2]
        ],
        "regret": round(statistics.median(row["regret"] for row in rows), 4),
        "worst_regret": round(max(row["regret"] for row in rows), 4),
        "stopped_best": round(statistics.fmean(row["stopped_best"] for row in rows), 4),
        "lost_more": round(statistics.fmean(row["regret"] > TOLERANCE for row in rows), 4),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=24)
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--rules", nargs="*")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    rules = {name: rule for name, rule in RULES.items() if not options.rules or name in options.rules}
    rows = {name: {} for name in rules}
    for set_name, curves, sign in sets(HERE / "curves", options.sets):
        found = {name: [] for name in rules}
        for seed in range(options.orders):  # interleaved, so that all rules see the same orders
            for name, rule in rules.items():
                found[name].append(Sweep(curves, sign, rule, seed).run())
        for name in rules:
            rows[name][set_name] = summary(found[name])
            print(f"{set_name:26} {name:32}", json.dumps(rows[name][set_name]), flush=True)
    overall = {name: across(by_set) for name, by_set in rows.items()}
    for name, total in overall.items():
        print(f"{name:32} chosen on {total['chosen_on']}  held out {total['held_out']}")
    options.results.mkdir(exist_ok=True)
    result = {"orders": options.orders, "workers": WORKERS, "overall": overall, "by_set": rows}
    (options.results / "stopping.json").write_text(json.dumps(result, indent=1) + "\n")


def across(by_set):
    """Means over the sets that constants were chosen on, and over those that were held out."""
    groups = {
        "chosen_on": [row for name, row in by_set.items() if not name.startswith(HELD_OUT)],
        "held_out": [row for name, row in by_set.items() if name.startswith(HELD_OUT)],
    }
    keys = ("used", "regret", "stopped_best", "lost_more")
    return {
        group: {key: round(statistics.fmean(row[key] for row in rows), 4) for key in keys} if rows else None
        for group, rows in groups.items()
    }


if __name__ == "__main__":
    main()
