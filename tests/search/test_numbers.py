"""The numeric parts of the search engines, against slower or exact ways to the same numbers."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.search import acquisition, kernels, normal
from polyaxon_airflow.search.bayes import _standardized
from polyaxon_airflow.search.cube import Axis, Cube
from polyaxon_airflow.search.gaussian_process import Hyperparameters, _Objective, condition, fit, prior_mean
from polyaxon_airflow.search.halton import halton
from polyaxon_airflow.search.minimize import minimize
from polyaxon_airflow.search.parzen import Mixture, by_age, by_rank

KERNELS = [
    pytest.param(kernels.matern(0.5), id="matern 1/2"),
    pytest.param(kernels.matern(1.5), id="matern 3/2"),
    pytest.param(kernels.matern(2.5), id="matern 5/2"),
    pytest.param(kernels.rbf(), id="rbf"),
]
MIXED = Cube([Axis(), Axis([0, 0.25, 0.5, 0.75, 1]), Axis([0, 0.2, 0.9, 1], ordered=False)])


@pytest.mark.parametrize("z", [-30.0, -8.0, -3.0, -0.5, 0.0, 0.5, 3.0])
def test_the_normal_distribution_is_precise_in_its_tails(z):
    exact = 0.5 * math.erfc(-z / math.sqrt(2))
    assert normal.cdf(np.array([z]))[0] == pytest.approx(exact, rel=3e-7)
    assert normal.log_cdf(np.array([z]))[0] == pytest.approx(math.log(exact), rel=3e-7)


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_are_1_at_no_distance_and_their_slope_is_the_derivative(kernel):
    r, h = np.array([0.3, 1.0, 2.5]), 1e-6
    assert kernel.value(np.zeros(1))[0] == 1
    derivative = (kernel.value(r + h) - kernel.value(r - h)) / (2 * h)
    assert kernel.slope(r) == pytest.approx(-derivative / r, rel=1e-6)


@pytest.mark.parametrize(
    ("nu", "formula"),
    [
        pytest.param(0.5, lambda r: math.exp(-r), id="1/2"),
        pytest.param(1.5, lambda r: (1 + math.sqrt(3) * r) * math.exp(-math.sqrt(3) * r), id="3/2"),
        pytest.param(
            2.5, lambda r: (1 + math.sqrt(5) * r + 5 * r * r / 3) * math.exp(-math.sqrt(5) * r), id="5/2"
        ),
    ],
)
def test_matern(nu, formula):
    """Rasmussen and Williams 2006, equation 4.17."""
    assert kernels.matern(nu).value(np.array([0.7]))[0] == pytest.approx(formula(0.7))


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_gradient_of_the_posterior_of_hyperparameters(kernel):
    rng = np.random.default_rng(0)
    objective = _Objective(kernel, rng.random((12, 3)), rng.normal(size=12))
    logs, h = prior_mean(3) + 0.3 * rng.normal(size=5), 1e-5
    steps = h * np.eye(5)
    numeric = [(objective(logs + step)[0] - objective(logs - step)[0]) / (2 * h) for step in steps]
    assert objective(logs)[1] == pytest.approx(numeric, rel=1e-4, abs=1e-6)


def test_a_process_goes_through_what_was_seen_and_knows_nothing_far_away():
    rng = np.random.default_rng(1)
    points, losses = rng.random((8, 2)), rng.normal(size=8)
    hyper = Hyperparameters(np.array([0.3, 0.3]), 2.0, 1e-6)
    posterior = condition(kernels.matern(2.5), hyper, points, losses)
    mean, deviation = posterior.predict(points)
    assert mean == pytest.approx(losses, abs=1e-3)
    assert deviation.max() < 0.01
    mean, deviation = posterior.predict(np.array([[50.0, 50.0]]))
    assert mean[0] == pytest.approx(0, abs=1e-6)
    assert deviation[0] == pytest.approx(math.sqrt(2))


def test_a_process_is_the_textbook_one():
    """Rasmussen and Williams 2006, equations 2.25 and 2.26, by plain inversion."""
    rng = np.random.default_rng(2)
    points, losses, other = rng.random((6, 2)), rng.normal(size=6), rng.random((3, 2))
    hyper = Hyperparameters(np.array([0.4, 0.7]), 1.5, 0.1)
    kernel = kernels.rbf()

    def covariance(a, b):
        return 1.5 * np.exp(-0.5 * (((a[:, None] - b[None]) / hyper.lengths) ** 2).sum(2))

    inverse = np.linalg.inv(covariance(points, points) + 0.1 * np.eye(6))
    cross = covariance(points, other)
    mean, deviation = condition(kernel, hyper, points, losses).predict(other)
    assert mean == pytest.approx(cross.T @ inverse @ losses, rel=1e-5)
    assert deviation**2 == pytest.approx(1.5 - np.diag(cross.T @ inverse @ cross), rel=1e-5)


def test_the_fit_finds_which_feature_matters():
    rng = np.random.default_rng(3)
    points = rng.random((40, 2))
    losses = np.sin(6 * points[:, 0])
    hyper = fit(kernels.matern(2.5), points, (losses - losses.mean()) / losses.std(), [prior_mean(2)])
    assert hyper.lengths[1] > 3 * hyper.lengths[0]
    assert hyper.noise < 0.01


def test_minimize_walks_through_a_bent_valley():
    def rosenbrock(x):
        value = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        return value, np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)])

    found = minimize(rosenbrock, np.array([-1.2, 1.0]), 200, 1e-14)
    assert found.x == pytest.approx([1, 1], abs=1e-4)


def test_minimize_turns_back_from_where_there_is_no_value():
    def wall(x):
        return (math.inf, np.zeros(1)) if x[0] < 0.5 else (float(x[0]), np.ones(1))

    found = minimize(wall, np.array([1.0]), 50, 1e-9)
    assert 0.5 <= found.value < 0.51


@pytest.mark.parametrize("z", [-20.0, -3.0, 0.0, 2.0])
def test_expected_improvement_is_the_expectation(z):
    """Against a sum over a fine grid of losses."""
    mean, deviation, best = 0.0, 2.0, 2.0 * z
    losses = np.linspace(best - 60, best, 600_001)
    density = np.exp(-0.5 * ((losses - mean) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
    expected = float(((best - losses) * density).sum() * (losses[1] - losses[0]))
    score = acquisition.expected_improvement()(np.array([mean]), np.array([deviation]), best)
    assert score[0] == pytest.approx(math.log(expected), rel=2e-3)


def test_expected_improvement_has_a_slope_where_it_underflows():
    scores = acquisition.expected_improvement()(np.array([60.0, 50.0, 40.0, 31.0, 29.0]), np.ones(5), 0.0)
    assert (np.diff(scores) > 0).all()
    assert np.isfinite(scores).all()


def test_eps_asks_for_more():
    for utility in (acquisition.expected_improvement, acquisition.probability_of_improvement):
        low, high = (utility(eps)(np.zeros(1), np.ones(1), 0.0)[0] for eps in (0.0, 0.5))
        assert high < low


def test_the_confidence_bound_prefers_what_may_be_low():
    assert acquisition.confidence_bound(2.0)(np.array([1.0]), np.array([3.0]), 0.0)[0] == 5.0


LOSSES = st.lists(st.one_of(st.integers(-1000, 1000).map(float), st.just(math.inf)), min_size=1, max_size=40)


@given(LOSSES.filter(lambda losses: min(losses) < math.inf))
def test_losses_are_standardized_in_their_order(losses):
    losses = np.array(losses)
    y, unit = _standardized(losses)
    assert unit > 0
    assert np.isfinite(y).all()
    assert y.mean() == pytest.approx(0, abs=1e-9)
    assert y.std() == pytest.approx(1) or np.ptp(y) < 1e-9
    assert (np.diff(y[np.argsort(losses, kind="stable")]) >= -1e-9).all()


def test_differences_count_four_times_as_much_next_to_the_best_as_at_the_median():
    losses = np.array([0.0, 0.01, 9.0, 10.0, 10.01, 11.0, 12.0])
    y, unit = _standardized(losses)
    assert y[1] - y[0] == pytest.approx(0.01 / unit, rel=0.01)
    assert (y[1] - y[0]) / (y[4] - y[3]) == pytest.approx(4, rel=0.01)


def test_halton_points_spread_evenly():
    """Each of 16 boxes of the square gets its share of 256 points, within 4 of 16: random points miss that by far."""
    points = np.array([halton(index, np.array([0.3, 0.8])) for index in range(256)])
    boxes = np.histogram2d(points[:, 0], points[:, 1], bins=4, range=[[0, 1], [0, 1]])[0]
    assert boxes.min() >= 12
    assert boxes.max() <= 20


def test_halton_is_what_the_textbook_gives():
    """Bases 2 and 3, point 21: 10101 and 210."""
    assert halton(1, np.zeros(2)) == pytest.approx([0.5 + 1 / 8 + 1 / 32, 0 / 3 + 1 / 9 + 2 / 27])


def test_points_are_drawn_into_the_middles_of_cells():
    points = MIXED.uniform(4000, np.random.default_rng(0))
    assert set(points[:, 1]) == {0.125, 0.375, 0.625, 0.875}
    shares = [(points[:, 2] == middle).mean() for middle in (0.1, 0.55, 0.95)]
    assert shares == pytest.approx([0.2, 0.7, 0.1], abs=0.03)


def test_different_categories_are_1_apart():
    features = MIXED.features(np.array([[0.0, 0.125, 0.1], [0.0, 0.125, 0.95]]))
    assert np.linalg.norm(features[0] - features[1]) == pytest.approx(1)


def test_neighbours_stay_inside_and_near():
    rng = np.random.default_rng(0)
    points = MIXED.uniform(2000, rng)
    near = MIXED.near(points, 0.05, rng)
    assert near == pytest.approx(MIXED.snap(near))
    assert near.min() >= 0
    assert near.max() <= 1
    assert np.abs(near - points)[:, 0].mean() < 0.05
    assert (near != points).any(axis=0).all()


def test_a_mixture_is_a_density():
    """It sums to 1 over the cells and the line; 10 points give it kernels of all kinds."""
    mixture = Mixture(MIXED, MIXED.uniform(10, np.random.default_rng(0)), by_rank(10))
    line = (np.arange(2000) + 0.5) / 2000
    total = 0.0
    for cell in MIXED.axes[1].middles:
        for category in MIXED.axes[2].middles:
            points = np.column_stack([line, np.full(2000, cell), np.full(2000, category)])
            total += np.exp(mixture.log_density(points)).mean()
    assert total == pytest.approx(1, abs=1e-3)


def test_a_mixture_draws_what_its_density_says():
    mixture = Mixture(MIXED, MIXED.uniform(10, np.random.default_rng(0)), by_rank(10))
    drawn = mixture.sample(20_000, np.random.default_rng(1))
    everywhere = MIXED.uniform(20_000, np.random.default_rng(2))
    # Importance weights: the prior's density of a cell is its width.
    widths = np.array([0.25 * np.diff(MIXED.axes[2].edges)[MIXED.axes[2].cell(everywhere[:, 2])]])[0]
    weights = np.exp(mixture.log_density(everywhere)) / widths
    for column in range(3):
        assert drawn[:, column].mean() == pytest.approx((weights * everywhere[:, column]).mean(), abs=0.02)


def test_kernels_on_a_line_are_narrow_where_points_are_near_each_other():
    """Four good points within 0.01, as late in a search: a mixture of kernels an eighth wide would miss the next draws."""
    mixture = Mixture(Cube([Axis()]), np.array([[0.3], [0.302], [0.305], [0.31]]), np.ones(4))
    drawn = mixture.sample(4000, np.random.default_rng(0))[:, 0]
    assert (abs(drawn - 0.305) < 0.06).mean() > 0.75


def test_old_points_weigh_less():
    """27 points at 0.2 and then 25 at 0.8: the later ones count for more than their number."""
    cube = Cube([Axis()])
    mixture = Mixture(cube, np.concatenate([np.full(27, 0.2), np.full(25, 0.8)])[:, None], by_age(52))
    old, recent = np.exp(mixture.log_density(np.array([[0.2], [0.8]])))
    assert recent > 1.5 * old


def test_the_best_points_weigh_more():
    """w_i = ln(mu + 1) - ln i, Hansen and Kern 2004, here with mean 1: for 3 points 1.386 : 0.693 : 0.288."""
    assert by_rank(3) == pytest.approx(np.array([1.3863, 0.6931, 0.2877]) / 0.7890, abs=1e-3)
    points = np.repeat([0.2, 0.8], 3)[:, None]
    best, good = np.exp(Mixture(Cube([Axis()]), points, by_rank(6)).log_density(np.array([[0.2], [0.8]])))
    assert best > 1.5 * good


@given(st.integers(1, 60))
def test_weights_are_those_of_so_many_points(count):
    """The better or the more recent a point the more it counts; the prior counts as one that is average or recent."""
    for weights in (by_rank(count), by_age(count)[::-1]):
        assert len(weights) == count
        assert (weights > 0).all()
        assert (np.diff(weights) <= 0).all()
    assert by_rank(count).mean() == pytest.approx(1)
    assert by_age(count).max() == 1


@pytest.mark.parametrize("nu", [0.1, 0.99, 1.0, 1.9, 2.0, 7.0])
def test_any_smoothness_is_taken_as_one_that_is_known(nu):
    known = [partial(kernels.matern(known).value, np.array([0.7]))() for known in (0.5, 1.5, 2.5)]
    assert kernels.matern(nu).value(np.array([0.7])) in known
