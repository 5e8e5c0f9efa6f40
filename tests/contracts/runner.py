"""What every runner must do. A runner's test class inherits `RunnerContract`, with what that asks for."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import MAIN_CONTAINER, Line, Outcome, RunIdentity


def container(script, name=MAIN_CONTAINER, **more):
    return {"name": name, "image": "busybox:1", "command": ["/bin/sh", "-c", script], **more}


def pod(*containers, init=(), volumes=()):
    spec = {"containers": list(containers), "initContainers": list(init), "volumes": list(volumes)}
    spec["restartPolicy"] = "Never"  # as every template says unless a file says otherwise
    return {"kind": "pod", "pod": {"metadata": {"name": "test"}, "spec": spec}}


class Followed:
    """A run from start to end: its lines with the time they came, and its outcome.

    `at_line`: what to do when the first line comes.
    """

    def __init__(self, runner, manifest, *, stop_at=None, stop_after=None, uuid=None, at_line=None):
        self.run = RunIdentity(uuid or uuid4().hex, "test", "acme", "proj")
        self.lines, self.times, self.stop_at, self.stop_after = [], [], stop_at, stop_after
        self.at_line = at_line
        self.start = time.monotonic()
        self.handle = runner.submit(manifest, self.run)
        self.outcome = runner.follow(
            self.handle, on_lines=self.on_lines, should_stop=self.should_stop, interval=0.1
        )
        self.seconds = time.monotonic() - self.start

    def on_lines(self, lines):
        if not self.lines and self.at_line is not None:
            self.at_line()
        self.lines += lines
        self.times += [time.monotonic() - self.start] * len(lines)

    def should_stop(self):
        seen = self.stop_at is not None and any(self.stop_at in line.text for line in self.lines)
        late = self.stop_after is not None and time.monotonic() - self.start > self.stop_after
        return "enough seen" if seen or late else None

    def text(self, name=MAIN_CONTAINER):
        return [line.text for line in self.lines if line.container == name]


class Worker:
    """Another process, which submits a run and follows it; `recipe` is how it makes its runner."""

    SCRIPT = """
import json, sys
from polyaxon_airflow.runners.base import RunIdentity
{recipe}
manifest = json.load(sys.stdin)
handle = runner.submit(manifest, RunIdentity({uuid!r}, "test", "acme", "proj"))
print("submitted", flush=True)
runner.follow(handle, on_lines=lambda lines: print(*(line.text for line in lines), sep="\\n", flush=True),
              should_stop=lambda: None)
"""

    def __init__(self, recipe, manifest, uuid):
        script = self.SCRIPT.format(recipe=recipe, uuid=uuid)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        self.process.stdin.write(json.dumps(manifest))
        self.process.stdin.close()

    def kill_at(self, line):
        """SIGKILL when it has printed a line that begins so."""
        try:
            assert any(found.startswith(line) for found in self.process.stdout), f"it never printed '{line}'"
        finally:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()


class RunnerContract:
    """Fixtures that a class gives: `runner`; `recipe`, code that makes the same runner in another process; `ruin`,
    which takes a run's handle and destroys what executes it, as a lost machine or a person with rights may do.
    """

    grace = 2.0  # seconds, as the fixture's runner is configured

    @pytest.mark.parametrize(
        ("script", "outcome"),
        [
            pytest.param("exit 0", Outcome("succeeded", 0), id="code 0 is success"),
            pytest.param("exit 7", Outcome("failed", 7), id="any other code is a failure with that code"),
            # A container's first process cannot be killed from inside, so a child is; `$$` is one dollar there.
            pytest.param(
                "sh -c 'kill -9 $$$$'; exit $?", Outcome("failed", 137), id="a signal is 128 + its number"
            ),
        ],
    )
    def test_the_exit_code_decides(self, runner, script, outcome):
        followed = Followed(runner, pod(container(script)))
        assert followed.outcome[:2] == outcome[:2]
        assert bool(followed.outcome.reason) == (outcome.status != "succeeded")

    def test_lines_of_both_streams_arrive_in_order_and_undamaged(self, runner):
        followed = Followed(runner, pod(container("echo one; echo zwei ü >&2; printf 'no newline'")))
        assert followed.text() == ["one", "zwei ü", "no newline"]

    def test_lines_arrive_while_the_run_goes_on(self, runner):
        followed = Followed(runner, pod(container("echo early; sleep 2; echo late")))
        assert followed.text() == ["early", "late"]
        assert followed.times[1] - followed.times[0] > 1

    def test_bytes_that_are_no_text_are_escaped(self, runner):
        followed = Followed(runner, pod(container(r"printf 'a\377b\n'")))
        assert followed.text() == ["a\\xffb"]

    def test_a_flood_of_output_arrives_whole(self, runner):
        followed = Followed(
            runner, pod(container("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"))
        )
        assert followed.text() == [f"line {i}" for i in range(20000)]

    def test_environment_reaches_the_container_and_refers_to_earlier_names(self, runner):
        env = [
            {"name": "A", "value": "x"},
            {"name": "B", "value": "$(A)-$(NONE)-$$(A)"},
            {"name": "A", "value": "y"},
        ]
        followed = Followed(runner, pod(container('echo "$A $B"', env=env)))
        assert followed.text() == ["y x-$(NONE)-$(A)"]

    def test_the_working_directory_is_the_containers(self, runner):
        followed = Followed(runner, pod(container("pwd; cd / && pwd", workingDir="/tmp")))
        assert followed.text() == ["/tmp", "/"]

    def test_init_containers_run_in_order_before_main_and_share_volumes(self, runner):
        mount = [{"name": "data", "mountPath": "/shared-data"}]
        manifest = pod(
            container("cat /shared-data/file", volumeMounts=mount),
            init=[
                container("echo 1 >> /shared-data/file", "first", volumeMounts=mount),
                container("echo 2 >> /shared-data/file", "second", volumeMounts=mount),
            ],
            volumes=[{"name": "data", "emptyDir": {}}],
        )
        assert Followed(runner, manifest).text() == ["1", "2"]

    def test_a_failing_init_container_ends_the_run_and_is_named(self, runner):
        followed = Followed(
            runner, pod(container("echo main"), init=[container("echo no; exit 4", "prepare")])
        )
        assert followed.outcome.status == "failed"
        assert "prepare" in followed.outcome.reason
        assert "4" in followed.outcome.reason
        assert followed.text("prepare") == ["no"]
        assert followed.text() == []

    def test_sidecars_run_beside_main_and_end_after_it(self, runner):
        side = container("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done", "side")
        followed = Followed(runner, pod(container("sleep 1; echo main"), side))
        assert followed.outcome == Outcome("succeeded", 0)
        assert followed.text() == ["main"]
        assert followed.text("side")[0] == "up"

    def test_a_stop_lets_the_container_clean_up(self, runner):
        script = "trap 'echo cleaned; exit 3' TERM; echo ready; while :; do sleep 0.1; done"
        followed = Followed(runner, pod(container(script)), stop_at="ready")
        assert followed.outcome.status == "stopped"
        assert followed.outcome.reason == "enough seen"
        assert followed.text()[0] == "ready"
        assert "cleaned" in followed.text()

    def test_a_stop_kills_what_ignores_it_after_the_grace_period(self, runner):
        followed = Followed(
            runner, pod(container("trap '' TERM; echo ready; while :; do sleep 0.1; done")), stop_at="ready"
        )
        assert followed.outcome.status == "stopped"
        assert self.grace <= followed.seconds < self.grace + 10

    def test_a_stop_during_init_never_starts_main(self, runner):
        manifest = pod(container("echo main"), init=[container("echo waiting; sleep 30", "wait")])
        followed = Followed(runner, manifest, stop_at="waiting")
        assert followed.outcome.status == "stopped"
        assert followed.text() == []

    def test_what_is_cleaned_can_run_again(self, runner):
        first = Followed(runner, pod(container("echo a")))
        runner.clean(first.handle)
        again = Followed(runner, pod(container("echo b")), uuid=first.run.uuid)
        assert again.text() == ["b"]

    def test_one_uuid_never_runs_twice_at_once(self, runner):
        uuid = uuid4().hex
        first = Followed(runner, pod(container("echo a; sleep 0.2")), uuid=uuid)
        second = Followed(runner, pod(container("echo b")), uuid=uuid)
        assert (first.outcome, second.outcome) == (Outcome("succeeded", 0), Outcome("succeeded", 0))

    @pytest.mark.parametrize(
        "when",
        [pytest.param("submitted", id="before it follows"), pytest.param("begin", id="while it follows")],
    )
    def test_a_worker_that_is_killed_costs_neither_the_run_nor_a_second_one(self, runner, recipe, when):
        manifest, uuid = pod(container("echo begin; sleep 2; echo end")), uuid4().hex
        Worker(recipe, manifest, uuid).kill_at(when)
        followed = Followed(runner, manifest, uuid=uuid)
        assert followed.outcome == Outcome("succeeded", 0)
        assert followed.text() == ["begin", "end"]

    def test_a_run_that_ended_while_nobody_followed_it_has_its_own_outcome(self, runner, recipe):
        manifest, uuid = pod(container("echo begin; exit 7")), uuid4().hex
        Worker(recipe, manifest, uuid).kill_at("submitted")
        followed = Followed(runner, manifest, uuid=uuid)
        assert followed.outcome[:2] == ("failed", 7)
        assert followed.text() == ["begin"]

    def test_a_run_that_is_destroyed_is_a_failure_with_a_reason(self, runner, ruin):
        manifest, uuid = pod(container("echo begin; sleep 600")), uuid4().hex
        handle = runner.submit(manifest, RunIdentity(uuid, "test", "acme", "proj"))
        outcome = runner.follow(
            handle, on_lines=lambda _: ruin(handle), should_stop=lambda: None, interval=0.1
        )
        assert outcome.status == "failed"
        assert outcome.reason

    def test_a_run_can_be_stopped_more_than_once(self, runner):
        followed = Followed(runner, pod(container("echo begin; sleep 600")), stop_at="begin")
        assert followed.outcome.status == "stopped"
        runner.stop(followed.handle, grace=0)
        runner.clean(followed.handle)
        runner.clean(followed.handle)

    def test_a_manifest_that_can_never_run_is_refused_with_what_to_do(self, runner):
        manifest = {"kind": "custom", "resource": {"kind": "Sandwich", "apiVersion": "kitchen/v1"}}
        with pytest.raises(PermanentRunnerError, match="Sandwich"):
            runner.check(manifest)


__all__ = ["Followed", "Line", "RunnerContract", "Worker", "container", "pod"]
