import json

import pytest

from polyaxon_airflow.tracking import metric_name
from tests import oracle

# Spec section 5.4, verified there by running traceml.
NAMES = [
    ("a b", "a-b"),
    ("x.y", "x-y"),
    ("m/n/o", "m__n__o"),
    ("é", "e"),
    ("u_v", "u_v"),
    ("A", "A"),
    ("val/loss", "val__loss"),
    ("val/acc top-1", "val__acc-top-1"),
    ("a\\b//c", "a__b__c"),
    ("a - . b", "a-b"),
    ("loss (train) %", "loss-train"),
    (" padded ", "padded"),
    ("損失", ""),
]


@pytest.mark.parametrize(("raw", "name"), NAMES)
def test_names_are_those_of_traceml(raw, name):
    assert metric_name(raw) == name


OFFICIAL = """
import json, sys
from polyaxon._utils.fqn_utils import to_fqn_name
json.dump([to_fqn_name(name) for name in json.load(sys.stdin)], sys.stdout)
"""


@oracle.needed
def test_the_official_names_agree():
    letters = ["a", "Z", "é", "ß", "_", "/", "\\", ".", "-", " ", "\t", "%", "²", "Ⅷ", "ﬁ", "損", "0", "\x1c"]
    words = [*(raw for raw, _ in NAMES), *(a + b + c for a in letters for b in letters for c in letters)]
    assert [metric_name(word) for word in words] == json.loads(oracle.output(OFFICIAL, json.dumps(words)))
