"""N13: the brackets of hyperband against the paper's (Li et al. 2018, algorithm 1), ours and hypertune's.

hypertune is asked in its favour: its own tuner reduces each rung twice, here it is asked for what a rung should keep.
"""

from __future__ import annotations

from polyaxon_airflow.matrix.hyperband import Hyperband

MOST = (9, 27, 81, 243)
ETAS = (2, 3, 4)


def compare():
    """By R and eta: how many of the paper's brackets each has, rung by rung, runs and resources."""
    found = {}
    for most in MOST:
        for eta in ETAS:
            expected = paper(most, eta)
            found[f"R={most}, eta={eta}"] = {
                "brackets": len(expected),
                "ours equal": equal(ours(most, eta), expected),
                "hypertune equal": equal(hypertune(most, eta), expected),
            }
    return found


def equal(brackets, expected):
    return sum(mine == theirs for mine, theirs in zip(brackets, expected, strict=False))


def paper(most, eta):
    """Whole numbers only, where the paper has them: n = ceil((s_max + 1) / (s + 1) eta^s), r = R eta^-s."""
    deepest = max(s for s in range(most) if eta**s <= most)
    brackets = []
    for s in range(deepest, -1, -1):
        runs = -(-((deepest + 1) * eta**s) // (s + 1))
        brackets.append([(runs // eta**i, int(most * eta**i // eta**s)) for i in range(s + 1)])
    return brackets


def ours(most, eta):
    fields = {"maxIterations": most, "eta": eta, "resource": {"name": "epochs", "type": "int"}}
    metric = {"name": "loss", "optimization": "minimize"}
    params = {"x": {"kind": "uniform", "value": [0, 1]}}
    sweep = Hyperband.model_validate({"kind": "hyperband", **fields, "metric": metric, "params": params})
    return [[(rung.runs, int(rung.resource)) for rung in rungs] for rungs in sweep.brackets()]


def hypertune(most, eta):
    from hypertune.search_managers.hyperband.manager import HyperbandManager
    from polyaxon.schemas import V1Hyperband

    config = V1Hyperband.from_dict(
        {
            "kind": "hyperband",
            "maxIterations": most,
            "eta": eta,
            "resource": {"name": "epochs", "type": "int"},
            "metric": {"name": "loss", "optimization": "minimize"},
            "params": {"x": {"kind": "uniform", "value": [0, 1]}},
            "seed": 1,
        }
    )
    manager = HyperbandManager(config)
    brackets = []
    iteration, rung = config.create_iteration()
    while True:
        if rung == 0:
            runs = config.get_num_runs(config.get_bracket(iteration))
            brackets.append([])
        else:
            runs = config.get_num_runs_to_keep_for_iteration(iteration, rung - 1)
        resource = manager.get_n_resources_for_iteration(iteration, rung)
        brackets[-1].append((runs, config.resource.cast_value(resource)))
        if not config.should_reschedule(iteration, rung):
            return brackets
        iteration, rung = config.create_iteration(iteration, rung)
