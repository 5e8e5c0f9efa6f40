import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polyaxon_airflow.errors import InitError
from polyaxon_airflow.init.options import LONGEST, decode, encode
from polyaxon_airflow.runners.process.environment import expand

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
@example({"content": "kill $$; echo $(date) \"quoted\" 'single' back\\slash\ttab\r\nline\0null"})
def test_options_survive_the_arguments(options):
    assert decode(encode(options)) == options


@given(st.text())
def test_no_runner_finds_a_variable_to_replace(content):
    arguments = encode({"content": content})
    assert [expand(argument, {"HOME": "/root"}) for argument in arguments] == arguments
    assert not any("$" in argument or "\0" in argument for argument in arguments)


@pytest.mark.parametrize("before", ["", "\n", '"', "'", " ", "=", "("])
def test_a_mount_path_stays_a_word_of_its_own(before):
    """As the process runner looks for it (`Layout.local`)."""
    (argument,) = encode({"content": f"{before}/plx-context/artifacts\n"})
    assert re.search(r"(?<![\w./-])/plx-context/artifacts(?![\w.-])", argument)


def test_long_contents_are_cut_below_what_linux_takes_and_at_ends_of_lines():
    options = {"content": "üüüü /plx-context\n" * 20_000}
    arguments = encode(options)
    assert max(len(argument.encode()) for argument in arguments) < 131_072
    assert all(argument.endswith("\n") for argument in arguments[:-1])
    assert decode(arguments) == options


def test_a_long_line_is_cut_anywhere():
    options = {"content": "x" * (3 * LONGEST)}
    assert len(encode(options)) == 4
    assert decode(encode(options)) == options


def test_what_no_pod_can_hold_is_refused_with_advice():
    with pytest.raises(InitError, match=r"1000 kB is too large .* artifacts store"):
        encode({"content": "x" * 1_000_000})
