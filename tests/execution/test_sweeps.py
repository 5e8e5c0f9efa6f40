"""Sweeps, trial by trial, without Airflow."""

import pytest

from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.cli import main
from polyaxon_airflow.connections.catalogue import Catalogue
from polyaxon_airflow.connections.store import artifacts_store
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.artifacts import ArtifactsStore
from polyaxon_airflow.execution.trials import trial_label
from tests.execution.flow import World

SWEEP = """
kind: operation
name: search
matrix: {matrix}
component:
  inputs: [{{name: x, type: float}}]
  outputs: [{{name: loss, type: metric}}]
  run:
    kind: job
    container:
      image: x
      command: [sh, -c]
      args: ["{script}"]
"""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def sweep(world, matrix, script="echo step=1 loss={{ x }}"):
    return world.run(SWEEP.format(matrix=matrix, script=script))


def trials(run):
    return run.outputs("search.best")["trials"]


def test_a_grid_is_tried_in_order_and_ranked_by_its_metric(world):
    run = sweep(world, "{kind: grid, params: {x: {kind: choice, value: [3.0, 1.0, 2.0]}}}")
    assert [(t["index"], t["value"]) for t in trials(run)] == [(1, 1.0), (2, 2.0), (0, 3.0)]
    assert run.outputs("search.best")["best"]["params"] == {"x": 1.0}


def test_a_trial_has_the_same_label_when_its_task_comes_back_from_a_trigger(world):
    run = sweep(world, "{kind: grid, params: {x: {kind: choice, value: [3.0, 1.0]}}}")
    node = run.plan.node("search.trial")
    assert [trial_label(run.task(node, index), run.around(), index) for index in (0, 1)] == ["x=3", "x=1"]
    assert run.labels == ["x=3", "x=1"]


def test_values_given_row_by_row(world):
    run = sweep(world, "{kind: mapping, values: [{x: 5.0}, {x: 4.0}]}")
    assert [t["params"] for t in trials(run)] == [{"x": 4.0}, {"x": 5.0}]


def test_a_failed_trial_and_one_that_never_reports_are_outcomes(world):
    script = "case {{ x }} in 1.0) exit 3;; 2.0) echo nothing;; *) echo loss=0.5;; esac"
    run = sweep(world, "{kind: grid, params: {x: {kind: choice, value: [1.0, 2.0, 3.0]}}}", script)
    told = {t["params"]["x"]: (t["state"], t["value"], t["reason"]) for t in trials(run)}
    assert told[3.0] == ("succeeded", 0.5, "")
    assert told[2.0] == ("succeeded", None, "never reported 'loss'")
    assert told[1.0][0] == "failed"
    assert "exited with code 3" in told[1.0][2]
    assert run.statuses()["search.best"] == "succeeded"


@pytest.mark.parametrize("kind", ["bayes", "tpe", "hyperopt"])
def test_a_search_goes_on_over_values_that_are_no_numbers(world, kind):
    counts = {"bayes": "numInitialRuns: 3, maxIterations: 3"}.get(kind, "numRuns: 6")
    algorithm = "algorithm: tpe, " if kind == "hyperopt" else ""
    matrix = (
        f"{{kind: {kind}, {algorithm}{counts}, seed: 1, metric: {{name: loss, optimization: minimize}}, "
        "params: {x: {kind: uniform, value: [0, 9]}}}"
    )
    script = "case {{ x }} in [0-2]*) echo loss={{ x }};; [3-5]*) echo loss=nan;; *) echo loss=inf;; esac"
    run = sweep(world, matrix, script)
    rows = {trial["params"]["x"]: trial for trial in trials(run)}
    assert len(rows) == 6
    for x, row in rows.items():
        assert row["value"] == (x if x < 3 else None)
        assert row["reason"] == ("" if x < 3 else "its last 'loss' is not a finite number")
    assert run.statuses()["search.best"] == "succeeded"


def test_a_sweep_whose_trials_all_fail_says_why(world):
    run = sweep(world, "{kind: grid, params: {x: {kind: choice, value: [1.0, 2.0]}}}", "exit 7")
    assert run.statuses()["search.best"] == "failed"
    assert (
        "none of 2 trials has succeeded; the first: the main container exited with code 7"
        in run.ended["search.best"].reason
    )


def test_a_finite_space_is_exhausted_without_repeats(world):
    run = sweep(
        world, "{kind: random, numRuns: 9, seed: 0, params: {x: {kind: choice, value: [1.0, 2.0, 3.0]}}}"
    )
    assert sorted(t["params"]["x"] for t in trials(run) if t["params"]) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("kind", ["tpe", "bayes"])
def test_adaptive_searches_run(world, kind):
    extra = {
        "tpe": "numRuns: 6, maxIterations: 1",
        "bayes": "numInitialRuns: 3, maxIterations: 4, utilityFunction: {acquisitionFunction: ucb, kappa: 1.2}",
    }
    matrix = f"{{kind: {kind}, {extra[kind]}, seed: 1, metric: {{name: loss, optimization: minimize}}, params: {{x: {{kind: uniform, value: [0, 9]}}}}}}"
    run = sweep(world, matrix)
    rows = trials(run)
    assert len(rows) >= 6
    assert [t["value"] for t in rows] == sorted(t["value"] for t in rows)
    assert all(t["state"] == "succeeded" for t in rows)


def test_hyperband_gives_the_best_of_each_rung_more(world):
    matrix = (
        "{kind: hyperband, maxIterations: 9, eta: 3, seed: 3, resource: {name: epochs, type: int}, "
        "metric: {name: loss, optimization: minimize}, params: {x: {kind: uniform, value: [0, 9]}}}"
    )
    text = SWEEP.format(matrix=matrix, script="echo loss={{ x }}").replace(
        "{name: x, type: float}", "{name: x, type: float}, {name: epochs, type: int}"
    )
    run = world.run(text)
    told = {t["index"]: (t["params"], t["value"]) for t in trials(run)}
    first = sorted((told[i][1], i) for i in range(9))
    assert [told[9 + rank][0] for rank in range(3)] == [
        {**told[index][0], "epochs": 3} for _, index in first[:3]
    ]
    assert {params["epochs"] for params, _ in told.values()} == {1, 3, 9}
    assert len(told) == 9 + 3 + 1 + 5 + 1 + 3


RESUMED = """
kind: operation
name: search
matrix:
  kind: hyperband
  maxIterations: 4
  eta: 2
  resume: {resume}
  seed: 3
  resource: {{name: epochs, type: int}}
  metric: {{name: loss, optimization: minimize}}
  params: {{x: {{kind: uniform, value: [0, 9]}}}}
component:
  inputs: [{{name: x, type: float}}, {{name: epochs, type: int}}]
  outputs: [{{name: loss, type: metric}}, {{name: epochs_run, type: metric}}]
  run:
    kind: job
    container:
      image: x
      command: [sh, -c]
      args:
      - |
        cd {{{{ globals.run_outputs_path }}}}
        done=$(cat done 2>/dev/null || echo 0)
        echo {{{{ epochs }}}} > done
        echo "loss={{{{ x }}}} epochs_run=$(({{{{ epochs }}}} - done))"
"""


@pytest.mark.parametrize(
    ("resume", "epochs_run"),
    [
        pytest.param("true", {0: 1, 1: 1, 2: 2}, id="a trial that goes on has its artifacts"),
        pytest.param("false", {0: 1, 1: 2, 2: 4}, id="a trial that goes on starts again"),
    ],
)
def test_hyperband_resumes(world, resume, epochs_run):
    root = f"{world.folder}/artifacts"
    kept = artifacts_store(Catalogue(), root)
    world.connections = kept.catalogue.connections
    world.artifacts = ArtifactsStore(kept.entry.connection(), lambda: open_storage(root), kept.is_local)
    run = world.run(RESUMED.format(resume=resume))
    rungs = {0: range(4), 1: range(4, 6), 2: range(6, 7)}  # of bracket 0: 4 trials of 1 epoch, 2 of 2, 1 of 4
    rung_of = {index: rung for rung, indexes in rungs.items() for index in indexes}
    told = {
        index: world.store.runs.get(trial["uuid"]).outputs["epochs_run"]
        for trial in trials(run)
        if (index := trial["index"]) in rung_of
    }
    assert told == {index: epochs_run[rung] for index, rung in rung_of.items()}


def test_a_goal_that_is_reached_ends_the_sweep_as_succeeded(world):
    matrix = (
        "{kind: grid, params: {x: {kind: choice, value: [3.0, 1.0, 2.0]}}, earlyStopping: "
        "[{kind: metric_early_stopping, metric: loss, value: 1.5, optimization: minimize}]}"
    )
    run = sweep(world, matrix)
    assert [run.ended[f"search.trial[{i}]"].status for i in range(3)] == ["succeeded", "succeeded", "skipped"]
    assert run.ended["search.trial[2]"].reason == "trial 1 reached loss 1 at step 1, the goal is 1.5"
    assert run.ended["search.best"].status == "succeeded"


def test_too_many_failures_fail_the_sweep(world):
    matrix = (
        "{kind: grid, params: {x: {kind: choice, value: [1.0, 2.0, 3.0, 4.0]}}, earlyStopping: "
        "[{kind: failure_early_stopping, percent: 50}]}"
    )
    run = sweep(world, matrix, "exit 1")
    assert run.ended["search.trial[3]"].status == "skipped"
    assert run.ended["search.best"].status == "failed"
    assert run.ended["search.best"].reason == "3 of 4 trials failed, 50% are too many"


def test_a_hopeless_trial_stops_itself_and_keeps_its_results(world):
    matrix = (
        "{kind: grid, params: {x: {kind: choice, value: [0.1, 0.2, 0.3, 9.0]}}, earlyStopping: "
        "[{kind: metric_early_stopping, metric: loss, value: 0, optimization: minimize, "
        "policy: {kind: median, minInterval: 2, minSamples: 3}}]}"
    )
    script = "for s in 1 2 3 4 5 6; do echo step=$s loss={{ x }}; [ {{ x }} = 9.0 ] && sleep 1; done; true"
    run = sweep(world, matrix, script)
    stopped = run.ended["search.trial[3]"]
    assert stopped.status == "stopped"
    assert stopped.reason.startswith("stopped at step ")
    assert "loss 9" in stopped.reason
    assert run.ended["search.best"].outputs["trials"][-1]["state"] == "stopped"
    assert stopped.outputs["loss"] == 9.0


def test_a_matrix_over_the_outputs_of_an_upstream(world):
    run = world.run(
        """
        kind: component
        name: flow
        run:
          kind: dag
          operations:
          - name: rows
            component:
              outputs: [{name: rows, type: list}]
              run:
                kind: job
                container:
                  image: x
                  command: [sh, -c, 'echo "{\\"rows\\": [{\\"x\\": 4}, {\\"x\\": 7}]}" > $POLYAXON_OUTPUTS_FILE']
          - name: each
            params: {rows: {ref: ops.rows, value: outputs.rows, contextOnly: true}}
            matrix: {kind: mapping, values: "{{ rows }}"}
            component:
              inputs: [{name: x, type: int}]
              run: {kind: job, container: {image: x, command: [echo, "got {{ x }}"]}}
        """
    )
    assert "got 4" in world.lines
    assert "got 7" in world.lines
    assert run.statuses()["each.best"] == "succeeded"


def test_a_finished_sweep_goes_on_in_another_run(world):
    matrix = "{kind: random, numRuns: 2, seed: 0, params: {x: {kind: choice, value: [1.0, 2.0, 3.0, 4.0]}}}"
    text = SWEEP.format(matrix=matrix, script="echo loss={{ x }}")
    world.run(text, run_id="first")
    run = world.run(text, {"resume": "first"}, run_id="second")
    assert len({t["params"]["x"] for t in trials(run)}) == 4
    assert [t["index"] for t in sorted(trials(run), key=lambda t: t["index"])] == [0, 1, 2, 3]


def test_known_points_are_tried_first(world):
    matrix = "{kind: random, numRuns: 3, seed: 0, params: {x: {kind: choice, value: [1.0, 2.0, 3.0]}}}"
    run = world.run(SWEEP.format(matrix=matrix, script="echo loss={{ x }}"), {"enqueue": [{"x": 2.0}]})
    assert run.labels[0] == "x=2"
    assert len(trials(run)) == 3


def test_more_known_points_than_trials_are_refused(world):
    matrix = "{kind: random, numRuns: 1, seed: 0, params: {x: {kind: choice, value: [1.0, 2.0, 3.0]}}}"
    text = SWEEP.format(matrix=matrix, script="echo loss={{ x }}")
    with pytest.raises(CompilationError, match="2 enqueued points do not fit into the 1 trials of this run"):
        world.run(text, {"enqueue": [{"x": 2.0}, {"x": 3.0}]})


@pytest.mark.parametrize(
    ("conf", "indexes", "last"),
    [
        pytest.param({}, range(6), "succeeded", id="as many more as the file has"),
        pytest.param({"numRuns": 5}, range(5), "skipped", id="so many in all"),
        pytest.param({"enqueue": [{"x": 8.0}]}, range(6), "succeeded", id="a known point first"),
    ],
)
def test_a_finished_sweep_goes_on_with(world, conf, indexes, last):
    matrix = "{kind: random, numRuns: 3, seed: 0, params: {x: {kind: uniform, value: [0, 9]}}}"
    text = SWEEP.format(matrix=matrix, script="echo loss={{ x }}")
    world.run(text, run_id="first")
    run = world.run(text, {"resume": "first", **conf}, run_id="second")
    told = {row["index"]: row["params"]["x"] for row in trials(run) if row["params"]}
    assert sorted(told) == list(indexes)
    assert len(set(told.values())) == len(told)
    assert run.ended["search.trial[2]"].status == last
    if "enqueue" in conf:
        assert told[3] == 8.0


def test_a_sweep_goes_on_with_no_more_trials_than_a_run_of_its_dag_has(world):
    matrix = "{kind: random, numRuns: 3, seed: 0, params: {x: {kind: uniform, value: [0, 9]}}}"
    text = SWEEP.format(matrix=matrix, script="echo loss={{ x }}")
    world.run(text, run_id="first")
    with pytest.raises(CompilationError, match="numRuns 7 needs 4 more trials, and a run of this DAG has 3"):
        world.run(text, {"resume": "first", "numRuns": 7}, run_id="second")


def test_the_shell_shows_a_sweep_as_its_last_task_does(world, capsys):
    sweep(world, "{kind: grid, params: {x: {kind: choice, value: [3.0, 1.0]}}}")
    url = f"sqlite:///{world.folder}/store.db"
    assert main(["sweep", "show", "search", "run-1", "--store", url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "[##############################] 2/2 trials ended, 0 running, succeeded"
    assert [line.split()[:4] for line in lines[3:]] == [["1", "1", "1", "1"], ["2", "0", "3", "3"]]
    assert main(["sweep", "show", "search", "none", "--store", url]) == 1
    assert "sweeps that have begun: none" in capsys.readouterr().err


def test_a_cached_trial_is_compared_by_the_curve_of_its_original(world):
    matrix = (
        "{kind: grid, params: {x: {kind: choice, value: [0.1, 0.2, 0.3, 9.0]}}, earlyStopping: "
        "[{kind: metric_early_stopping, metric: loss, value: 0, optimization: minimize, "
        "policy: {kind: median, minInterval: 2, minSamples: 3}}]}"
    )
    script = "for s in 1 2 3; do echo step=$s loss={{ x }}; done; [ {{ x }} != 9.0 ] || sleep 60"
    runs = [sweep(world, matrix, script) for _ in range(2)]
    ends = [[run.ended[f"search.trial[{index}]"] for index in range(4)] for run in runs]
    assert [end.status for end in ends[1]] == ["succeeded", "succeeded", "succeeded", "stopped"]
    assert all(end.reason.startswith("cached: ") for end in ends[1][:3])
    assert ends[1][3].reason == ends[0][3].reason == "stopped at step 3: loss 9, median of 3 trials 0.2"


GATED = """
kind: component
name: gated
run:
  kind: dag
  operations:
  - {{name: first, component: {{run: {{kind: job, container: {{image: x, command: ['true']}}}}}}}}
  - name: search
    dependencies: [first]
    trigger: all_done
    conditions: "{condition}"
    matrix: {{kind: grid, params: {{x: {{kind: choice, value: [1.0, 2.0]}}}}}}
    component:
      inputs: [{{name: x, type: float}}]
      outputs: [{{name: loss, type: metric}}]
      run: {{kind: job, container: {{image: x, command: [echo, "loss={{{{ x }}}}"]}}}}
"""


@pytest.mark.parametrize(
    ("condition", "gate", "best", "states"),
    [
        pytest.param("{{ 2 > 1 }}", "succeeded", "succeeded", ["succeeded", "succeeded"], id="it holds"),
        pytest.param(
            "{{ x > 1.5 }}", "succeeded", "succeeded", ["skipped", "succeeded"], id="each trial's own"
        ),
        pytest.param("{{ 42 }}", "failed", "failed", [], id="no condition"),
        pytest.param("{{ 1 > 2 }}", "skipped", "skipped", [], id="it does not hold"),
    ],
)
def test_a_sweep_behind_a_trigger_and_a_condition(world, condition, gate, best, states):
    run = world.run(GATED.format(condition=condition))
    assert run.ended["search.gate"].status == gate
    assert run.ended["search.best"].status == best
    trials = [end.status for name, end in run.ended.items() if name.startswith("search.trial")]
    assert trials == states
    assert run.ended["outcome"].status == ("failed" if best == "failed" else "succeeded")


TUNER = """
kind: component
name: halving
inputs:
- {name: iteration, type: int}
- {name: best, type: list, isOptional: true, value: []}
outputs: [{name: suggestions, type: list}]
run:
  kind: job
  init:
  - file: {filename: history.json, content: "{{ history | tojson }}"}
  container:
    image: x
    command: [python3, -c]
    args:
    - |
      import json, os
      history = json.load(open("{{ globals.artifacts_path }}/history.json"))
      best = min(zip(history["metrics"], [c["x"] for c in history["configs"]]), default=(0, 8.0))[1]
      print("round", {{ iteration }}, "of", history["matrix"]["maxIterations"], "after", len(history["trials"]))
      rows = [{"x": best / 2}, {"x": best / 4}] if {{ iteration }} < {{ rounds }} else []
      json.dump({"suggestions": rows}, open(os.environ["POLYAXON_OUTPUTS_FILE"], "w"))
"""

ITERATIVE = """
kind: operation
name: search
matrix:
  kind: iterative
  maxIterations: 3
  tuner: {{hubRef: halving, params: {{rounds: {{value: {rounds}}}}}}}
  params: {{x: {{kind: uniform, value: [0, 9]}}}}
component:
  inputs: [{{name: x, type: float}}]
  outputs: [{{name: loss, type: metric}}]
  run: {{kind: job, container: {{image: x, command: [echo, "loss={{{{ x }}}}"]}}}}
"""


def test_a_tuner_of_the_users_suggests_round_by_round(world):
    world.component("halving", TUNER)
    run = world.run(ITERATIVE.format(rounds=9))
    assert run.statuses()["search.best"] == "succeeded", world.lines
    told = {t["index"]: t["params"]["x"] for t in trials(run)}
    assert told == {0: 4.0, 1: 2.0, 2: 1.0, 3: 0.5, 4: 0.25, 5: 0.125}
    assert "round 2 of 3 after 4" in world.lines


def test_a_tuner_that_suggests_nothing_ends_the_sweep(world):
    world.component("halving", TUNER)
    run = world.run(ITERATIVE.format(rounds=1))
    assert len(trials(run)) == 2
    assert run.states["search.round_1"] == "skipped"
    assert (
        run.ended["search.round_2_tuner"].reason
        == "the tuner suggested nothing in round 1: the sweep has ended"
    )
    assert run.statuses()["search.best"] == "succeeded"


def test_an_iterative_sweep_does_not_go_on_in_another_run(world):
    world.component("halving", TUNER)
    world.run(ITERATIVE.format(rounds=1), run_id="first")
    with pytest.raises(CompilationError, match="an iterative sweep cannot go on in another run"):
        world.run(ITERATIVE.format(rounds=1), {"resume": "first"}, run_id="second")


def test_a_tuner_that_is_not_there_is_a_fault_of_its_place(world):
    with pytest.raises(CompilationError, match="hubRef halving has not been fetched") as refused:
        world.plan(ITERATIVE.format(rounds=1))
    assert refused.value.faults[0].path[:2] == ("matrix", "tuner")


def test_a_tuner_that_fails_fails_the_sweep(world):
    world.component("halving", TUNER.replace("import json, os", "raise SystemExit('no idea')"))
    run = world.run(ITERATIVE.format(rounds=1))
    assert run.statuses()["search.round_0_tuner"] == "failed"
    assert run.statuses()["search.best"] == "failed"
    assert "round_0_tuner failed" in run.ended["search.best"].reason
