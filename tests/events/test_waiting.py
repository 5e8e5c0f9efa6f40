from __future__ import annotations

import re

import pytest

from polyaxon_airflow.events.waiting import Judgement, Wanted, judge, reached, wanted_of

RUNNING, FAILED, DONE = (f"run_status_{status}" for status in ("running", "failed", "done"))


@pytest.mark.parametrize(
    ("statuses", "kinds", "others"),
    [
        pytest.param([], [], ["created", "done"], id="nothing yet"),
        pytest.param(["created", "starting"], ["created", "queued", "starting"], ["running", "done"], id="what was passed was reached"),
        pytest.param(["running"], ["created", "compiled", "queued", "scheduled", "starting", "running"], ["succeeded"], id="all of the line"),
        pytest.param(["succeeded"], ["running", "succeeded", "done"], ["failed"], id="a success has run, if only in the cache"),
        pytest.param(["created", "failed"], ["created", "failed", "done"], ["running"], id="a failure may not have"),
        pytest.param(["skipped"], ["skipped", "done"], ["created", "running"], id="a skip has not"),
        pytest.param(["running", "retrying"], ["retrying", "running"], ["done"], id="statuses beside the line"),
    ],
)  # fmt: skip
def test_what_statuses_bring(statuses, kinds, others):
    found = reached(statuses)
    assert {f"run_status_{status}" for status in kinds} <= found
    assert not {f"run_status_{status}" for status in others} & found


TRAIN = Wanted("train", (RUNNING, FAILED))
SERVE = Wanted("serve", (DONE,))


@pytest.mark.parametrize(
    ("wanted", "kinds", "ended", "judgement"),
    [
        pytest.param([TRAIN], {}, {}, Judgement("wait"), id="nothing is known"),
        pytest.param([TRAIN], {"train": reached(["running"])}, {}, Judgement("reached", "run_status_running of ops.train"), id="one of the kinds"),
        pytest.param([TRAIN, SERVE], {"serve": reached(["succeeded"])}, {"serve": "succeeded"}, Judgement("reached", "run_status_done of ops.serve"), id="any of the entries"),
        pytest.param([TRAIN], {"train": reached(["skipped"])}, {"train": "skipped"}, Judgement("never", "ops.train skipped without run_status_running or run_status_failed"), id="it ended otherwise"),
        pytest.param([TRAIN, SERVE], {}, {"train": "skipped"}, Judgement("wait"), id="one has ended, another may still come"),
        pytest.param([TRAIN], {"train": frozenset({"run_new_artifacts"})}, {}, Judgement("wait"), id="another kind"),
    ],
)  # fmt: skip
def test_judgements(wanted, kinds, ended, judgement):
    assert judge(wanted, kinds, ended) == judgement


def test_what_an_event_of_an_operation_waits_for():
    assert wanted_of([RUNNING, FAILED, RUNNING], "ops.train") == TRAIN
    assert wanted_of(["run_new_artifacts"], "ops.train") == Wanted("train", ("run_new_artifacts",))


@pytest.mark.parametrize(
    ("kinds", "ref", "message"),
    [
        pytest.param([RUNNING], "runs.0123", "waits for others of it (ops.NAME); give 'runs.0123' to the dag itself", id="a run elsewhere"),
        pytest.param(["connection_git_commit"], "connections.code", "give 'connections.code' to the dag itself", id="a connection"),
        pytest.param(["connection_git_commit"], "ops.train", "'connection_git_commit' cannot refer to 'ops.train'", id="a kind that operations do not have"),
        pytest.param([RUNNING], "ops.train?query=a:1", "takes no options", id="options"),
        pytest.param([RUNNING], "{{ ops.train }}", "written without braces: ops.train", id="braces"),
    ],
)  # fmt: skip
def test_what_nobody_can_wait_for(kinds, ref, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        wanted_of(kinds, ref)
