"""Writes the figures of docs/tuning.md from the JSON of the benches: `python bench/figures.py`.

They stand between two comments of the page; tests/matrix/test_docs.py holds the page to the JSON.
"""

import json
import sys
from pathlib import Path
from statistics import fmean

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "tuning.md"
BEGIN, END = "<!-- figures: python bench/figures.py -->", "<!-- end of figures -->"
ENGINES = {
    "bayes": "bayes",
    "tpe": "tpe",
    "hyperopt": "hyperopt",
    "random": "random",
    "optuna_tpe": "Optuna's TPE",
    "hyperopt_tpe": "hyperopt's TPE by itself",
    "hypertune_tpe": "hypertune's TPE",
}
COMPARED = ("bayes", "tpe", "optuna_tpe")
TABLES_HELD_OUT = ("hpobench_blood_transfusion", "hpobench_credit_g", "hpobench_segment", "hpobench_vehicle")
RULES = (
    "median",
    "truncation 50% every 4",
    "asha eta 3",
    "Optuna MedianPruner(5, 0)",
    "Optuna MedianPruner(5, 10)",
    "Optuna SuccessiveHalving(1, 3)",
    "Katib medianstop(3, 4)",
)


def main():
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text()}{END}{after}")


def text():
    """The figures as Markdown."""
    parts = (part for part in (searching(), stopping(), latency(), overhead(), thousands(), large()) if part)
    return "\n".join(parts)


def searching():
    found = read("search")
    branin, hartmann = found["N9 branin, regret after 60"], found["N10 hartmann6, regret after 60"]
    tables = found["N11 tables, regret after 60 as a share of the median configuration's"]
    costs = found["N7 milliseconds CPU a suggestion, 6 dimensions"]["100"]
    together = found["N11b 8 workers, 100 trials, regret as a share of random's after 10"]
    repeats = found["N11b repeated params of 100"]["hpobench_vehicle"]
    rows = [
        [
            shown,
            branin[name]["median"],
            hartmann[name]["median"],
            tables[name]["mean"],
            round(fmean(tables[name][held_out] for held_out in TABLES_HELD_OUT), 4),
            together["hartmann6"][name]["median"],
            together["rosenbrock5"][name]["median"],
            together["hpobench_vehicle"][name]["median"],
            round(repeats[name], 1),
            costs.get(name, {}).get("median", ""),
        ]
        for name, shown in ENGINES.items()
        if name in branin and name in repeats
    ]
    head = [
        "engine",
        "Branin",
        "Hartmann6",
        "8 tables",
        "4 of them, held out",
        "Hartmann6, 8 workers",
        "Rosenbrock5, 8 workers",
        "vehicle, 8 workers",
        "repeats of 100 on a table",
        "ms a suggestion",
    ]
    brackets = found["N13 brackets as in the paper"].values()
    equal, all_, theirs = (
        sum(row[key] for row in brackets) for key in ("ours equal", "brackets", "hypertune equal")
    )
    return (
        f"Regret after 60 trials one after another, medians of {seeds(branin)}; then 100 trials of 8 workers, medians of "
        f"{seeds(together['hpobench_vehicle'])}, as a share of random search's regret after 10; params tried twice; CPU "
        f"with 100 trials in 6 dimensions:\n\n{table(head, rows)}\n"
        f"{ratios(found)}\n"
        f"Of hyperband's {all_} brackets for R from 9 to 243 and eta from 2 to 4, {equal} are the paper's (hypertune: "
        f"{theirs}).\n"
    )


def seeds(row):
    """How many seeds the engines of a row ran on, and which of them on more than others."""
    counts = {shown: row[name]["seeds"] for name, shown in ENGINES.items() if name in row}
    least, most = min(counts.values()), max(counts.values())
    more = " and ".join(shown for shown, count in counts.items() if count > least)
    return f"{least} seeds" + (f" ({most} of {more})" if more else "")


def ratios(found):
    """A table of where the engines are weak: side by side, on one of the tables, for unlucky seeds."""
    known = found["N12 regret of 8 workers over regret of one, after 100"]
    branin, hartmann = found["N9 branin, regret after 60"], found["N10 hartmann6, regret after 60"]
    tables = found["N11 tables, regret after 60 as a share of the median configuration's"]
    rows = [
        [
            ENGINES[name],
            *(known[task][name] for task in known),
            round(max(tables[name][task] / tables["random"][task] for task in tables["random"]), 2),
            quartiles(branin[name]),
            quartiles(hartmann[name]),
        ]
        for name in COMPARED
    ]
    head = [
        "engine",
        *(task.removeprefix("hpobench_") for task in known),
        "worst table",
        "quartiles, Branin",
        "quartiles, Hartmann6",
    ]
    return (
        "Regret of 8 workers over that of one, after 100 trials; regret over that of random search on the table where that "
        f"is worst; and how the seeds of the first table spread:\n\n{table(head, rows)}"
    )


def quartiles(row):
    return " to ".join(map(cell, row["quartiles"]))


def stopping():
    overall = read("stopping")["overall"]
    rows = [
        [name, *(percent(overall[name][group][key]) for group in GROUPS for key in KEYS)]
        for name in RULES
        if name in overall
    ]
    head = ["policy", *(f"{group}{word}" for group in ("", "held out: ") for word in WORDS)]
    return f"Early stopping on real learning curves, 8 workers:\n\n{table(head, rows)}"


GROUPS = ("chosen_on", "held_out")
KEYS = ("used", "regret", "stopped_best", "lost_more")
WORDS = ("epochs run", "regret", "best one stopped", "more than 1% lost")


def latency():
    found = read("latency")
    if not found:
        return ""
    load = found["load average"][0]
    return (
        f"From the metric that decides until the stopped process is gone: {found['all']['median']} s, p95 "
        f"{found['all']['p95']} s ({found['all']['samples']} trials in a real Airflow on {found['cores']} cores with a load "
        f"of {load:.0f}).\n"
    )


def overhead():
    found = read("overhead")
    if not found:
        return ""
    ratio = found["N14 sweep over bare"]
    parts = found["CPU seconds a trial, by part"].values()
    rows = [
        [part, *(found[part] for found in parts)]
        for part in ("tasks and their supervisors", "api-server", "scheduler")
    ]
    return (
        f"A trial takes {ratio['CPU']} times the CPU and {ratio['wall']} times the time of a mapped `BashOperator` that "
        f"does the same for {found['sleep']} s. Seconds of CPU:\n\n"
        f"{table(['', 'a trial', 'a mapped BashOperator'], rows)}\n"
    )


def thousands():
    found = read("thousands")
    if not found:
        return ""
    tasks = ", ".join(f"{count} tasks ended in {state}" for state, count in found["tasks"].items())
    first, last = (found[f"seconds of a task, {which} tenth"] for which in ("first", "last"))
    return (
        f"A sweep of {found['trials']} trials of no length in a real Airflow, `tpe`, {found['concurrency']} at once on "
        f"{found['cores']} cores: {found['seconds'] / 60:.0f} minutes; {tasks}, {found['different params']} different params. A "
        f"trial took {found['CPU seconds a trial']} s of CPU, and its task {first} s in the first tenth, {last} s in the last.\n"
    )


def large():
    found = read("large")
    if not found:
        return ""
    kinds = found["by trials that have ended"]
    counts = list(kinds["random"])
    asked = [
        (f"the next trial starts, `{kind}`", [row["start, ms"] for row in rows.values()])
        for kind, rows in kinds.items()
        if "policy" not in kind
    ]
    judged = [row["follow, ms"] + row["finish, ms"] for row in kinds["tpe with a median policy"].values()]
    ranked = [row["best, ms"] for row in kinds["random"].values()]
    shown = [row["sweep show, ms"] for row in kinds["random"].values()]
    others = [("it runs, with a median policy", judged), ("the task `best`", ranked), ("`sweep show`", shown)]
    rows = [[name, *(round(value) for value in values)] for name, values in (*asked, *others)]
    return f"ms of CPU in a sweep with so many trials:\n\n{table(['', *counts], rows)}"


def read(name):
    file = ROOT / "bench" / "results" / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)


def cell(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def percent(share):
    return f"{100 * share:.1f}%" if share < 0.1 else f"{100 * share:.0f}%"


if __name__ == "__main__":
    sys.exit(main())
