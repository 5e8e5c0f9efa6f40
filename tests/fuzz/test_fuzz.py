"""A little fuzzing with every test run: documents grown from the models, and texts with slips; `make fuzz` does more."""

import random

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from polyaxon_airflow.explain import keys
from polyaxon_airflow.polyaxonfile.operation import Operation
from tests.fuzz import targets
from tests.fuzz.seeds import DICTIONARY, FILES, TEMPLATES

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(
        [
            "{{ lr }}",
            "job",
            "dag",
            "ops.a",
            "outputs.loss",
            "1",
            "1:2",
            "0.1",
            "globals.uuid",
            "all_done",
            "2026-01-01",
        ]
    )
)
KEYS = st.sampled_from(keys(Operation)) | st.sampled_from(
    [
        "kind",
        "name",
        "type",
        "value",
        "container",
        "image",
        "args",
        "operations",
        "ref",
        "params",
        "query",
        "git",
        "url",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=5))
@settings(deadline=None)
def test_any_document_is_read_or_refused_with_faults(document):
    targets.read_file(yaml.safe_dump(document))


@st.composite
def slipped(draw, seeds, words):
    """A seed in which some places were overwritten, doubled or lost."""
    text = draw(st.sampled_from(seeds))
    rng = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(1, 4))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.randrange(12))
        text = (
            text[:start]
            + rng.choice(["", text[start:end] * 2, rng.choice(words), "\t", "\n  ", '"'])
            + text[end:]
        )
    return text


@given(slipped(FILES, DICTIONARY["reader"]))
@settings(deadline=None)
def test_any_text_is_read_or_refused_with_faults(text):
    targets.read_file(text)


@given(slipped(TEMPLATES, DICTIONARY["templates"]))
@settings(deadline=None)
def test_any_template_is_rendered_or_refused(text):
    targets.render(text)
