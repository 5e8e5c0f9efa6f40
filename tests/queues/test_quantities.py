"""Quantities of Kubernetes, and the slots that a run takes of a quota."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.queues.quantities import Amounts, amounts_of, excesses, quantity, slots, total


# https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory
@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("128974848", 128974848, id="plain bytes"),
        pytest.param("129e6", 129_000_000, id="an exponent"),
        pytest.param("129M", 129_000_000, id="a decimal suffix"),
        pytest.param("128974848000m", 128974848, id="thousandths of bytes"),
        pytest.param("123Mi", 123 * 2**20, id="a binary suffix"),
        pytest.param("0.1", Fraction(1, 10), id="a tenth of a core"),
        pytest.param("100m", Fraction(1, 10), id="a hundred millicores"),
        pytest.param(2, 2, id="a number of YAML"),
        pytest.param(0.5, Fraction(1, 2), id="a decimal number of YAML"),
    ],
)
def test_quantity_is_read_as_kubernetes_does(text, value):
    assert quantity(text) == value


@pytest.mark.parametrize("text", ["", "5GB", "-1", "1 Gi", "nan", "ten", "1mm"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="is not a quantity such as 2, 500m or 5Gi"):
        quantity(text)


@pytest.mark.parametrize(
    ("resources", "amounts"),
    [
        pytest.param(None, Amounts(), id="nothing is said"),
        pytest.param(
            {"limits": {"cpu": 2}}, Amounts(cpu=Fraction(2)), id="a limit is the request where there is none"
        ),
        pytest.param(
            {"requests": {"cpu": "500m"}, "limits": {"cpu": 2}},
            Amounts(cpu=Fraction(1, 2)),
            id="a request counts",
        ),
        pytest.param({"limits": {"nvidia.com/gpu": 4}}, Amounts(gpu=Fraction(4)), id="GPUs of nvidia"),
        pytest.param(
            {"limits": {"amd.com/gpu": 1, "x.io/gpu": 1}}, Amounts(gpu=Fraction(2)), id="GPUs of any vendor"
        ),
        pytest.param(
            {"limits": {"nvidia.com/mig-1g.5gb": 1}}, Amounts(gpu=Fraction(1)), id="a part of a GPU"
        ),
    ],
)
def test_what_a_container_needs(resources, amounts):
    assert amounts_of(resources) == amounts


def test_replicas_and_containers_add_up():
    worker = amounts_of({"requests": {"cpu": 2, "memory": "1Gi"}}, cost=0.5)
    assert total([worker.times(3), amounts_of({"limits": {"nvidia.com/gpu": 1}})]) == Amounts(
        cpu=Fraction(6), memory=Fraction(3 * 2**30), gpu=Fraction(1), cost=Fraction(3, 2)
    )


QUOTA = Amounts(cpu=Fraction(30), gpu=Fraction(8))


@pytest.mark.parametrize(
    ("needs", "count"),
    [
        pytest.param(Amounts(), 1, id="a run that says nothing takes one slot"),
        pytest.param(Amounts(gpu=Fraction(2)), 2, id="two of eight GPUs are two of eight slots"),
        pytest.param(Amounts(cpu=Fraction(15), gpu=Fraction(1)), 4, id="the dominant resource counts"),
        pytest.param(Amounts(cpu=Fraction(3, 10)), 1, id="a small run takes a whole slot"),
        pytest.param(Amounts(memory=Fraction(2**40)), 1, id="what the quota does not limit is free"),
    ],
)
def test_slots_of_a_run(needs, count):
    assert slots(needs, QUOTA, 8) == count


def test_three_tenths_of_three_are_one_of_ten_slots():
    assert slots(Amounts(cpu=quantity("0.3")), Amounts(cpu=quantity(3)), 10) == 1


def test_a_run_above_the_quota_names_what_is_too_much():
    assert [
        (e.name, e.needed, e.allowed) for e in excesses(Amounts(cpu=Fraction(4), gpu=Fraction(9)), QUOTA)
    ] == [("gpu", 9, 8)]


amounts = st.fractions(min_value=0, max_value=100, max_denominator=1000)


@given(st.lists(st.tuples(amounts, amounts), max_size=20), st.integers(1, 40))
def test_runs_that_fit_into_the_slots_fit_into_the_quota(runs, capacity):
    quota, free, used = (
        Amounts(cpu=Fraction(50), gpu=Fraction(20)),
        capacity,
        Amounts(Fraction(0), None, Fraction(0)),
    )
    for cpu, gpu in runs:
        needs = Amounts(cpu=cpu, gpu=gpu)
        count = slots(needs, quota, capacity)
        if count <= free:
            free, used = free - count, used + needs
    assert excesses(used, quota) == []
