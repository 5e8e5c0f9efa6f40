import math

import pytest

from polyaxon_airflow.tracking.log_lines import LogReader

NAMES = ("loss", "acc", "val/acc", "Train-MAE")


def read(*lines, names=NAMES):
    reader = LogReader(names)
    return [(point.name, point.step, point.value) for line in lines for point in reader.line(line, 0.0)]


@pytest.mark.parametrize(
    ("lines", "points"),
    [
        pytest.param(
            ["loss=0.5", "loss=0.4"], [("loss", 1, 0.5), ("loss", 2, 0.4)], id="the n-th line is step n"
        ),
        pytest.param(
            ["loss=1", "acc=0.1", "loss=2"],
            [("loss", 1, 1.0), ("acc", 1, 0.1), ("loss", 2, 2.0)],
            id="of each name",
        ),
        pytest.param(["step=7 loss=0.5"], [("loss", 7, 0.5)], id="a step on the line"),
        pytest.param(["loss=0.5, epoch=3"], [("loss", 3, 0.5)], id="an epoch"),
        pytest.param(["epoch=3 step=70 loss=1"], [("loss", 70, 1.0)], id="a step before an epoch"),
        pytest.param(["Epoch: 2 loss: 0.25"], [("loss", 2, 0.25)], id="with colons and capitals"),
        pytest.param(["epoch=1.5 loss=1"], [("loss", 1, 1.0)], id="half an epoch is no step"),
        pytest.param(["loss = 0.5"], [("loss", 1, 0.5)], id="spaces around"),
        pytest.param(["loss=1e-5"], [("loss", 1, 1e-5)], id="an exponent, which Katib reads as 1"),
        pytest.param(["loss=-.5E+3"], [("loss", 1, -500.0)], id="a sign, no zero, a large E"),
        pytest.param(
            ["loss=inf", "loss=-Infinity"], [("loss", 1, math.inf), ("loss", 2, -math.inf)], id="infinities"
        ),
        pytest.param(["INFO 12:30:01 - loss=0.5."], [("loss", 1, 0.5)], id="in a sentence"),
        pytest.param(["[loss=0.5, acc=0.8]"], [("loss", 1, 0.5), ("acc", 1, 0.8)], id="two in brackets"),
        pytest.param(["loss=1 loss=2"], [("loss", 1, 2.0)], id="twice on a line: the last"),
        pytest.param(["val/acc=0.8"], [("val__acc", 1, 0.8)], id="a slash, under traceml's name"),
        pytest.param(["val__acc=0.8"], [("val__acc", 1, 0.8)], id="traceml's name itself"),
        pytest.param(["Train-MAE=3"], [("Train-MAE", 1, 3.0)], id="a hyphen"),
        pytest.param(["\x1b[32mloss=0.5\x1b[0m"], [("loss", 1, 0.5)], id="in colour"),
        pytest.param(
            ["1/9 loss=3\r2/9 loss=2\r3/9 loss=1"], [("loss", 1, 1.0)], id="a progress bar's last state"
        ),
        pytest.param(["10%|# | loss=0.5\r"], [("loss", 1, 0.5)], id="a progress bar that ends in a return"),
        pytest.param(["lr=0.1 time=3"], [], id="names that nobody asked for"),
        pytest.param(["train_loss=1", "my.loss=1", "x/loss=1", "a-loss=1"], [], id="ends of other names"),
        pytest.param(["losses=1"], [], id="the beginning of another name"),
        pytest.param(["loss=0.5s", "loss=1.2.3", "loss=1,000", "loss=nano"], [], id="no plain number"),
        pytest.param(["loss", "loss 0.5", "loss=", ""], [], id="no value"),
    ],
)
def test_lines(lines, points):
    assert read(*lines) == points


def test_nan_is_a_value():
    ((_, _, value),) = read("loss=NaN")
    assert math.isnan(value)


def test_nothing_is_read_if_nothing_is_asked_for():
    assert read("loss=0.5", names=()) == []


def test_a_monstrous_line_takes_no_time():
    assert read("a" * 10_000_000, "=" * 1_000_000, "a=" * 1_000_000, " " * 1_000_000 + "=") == []
