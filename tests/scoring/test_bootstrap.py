import numpy as np
import pytest

from scripts.scoring.bootstrap import bca, draw_sums, intervals, resample
from scripts.scoring.tallies import prf


def _recall(tallies):
    return prf(tallies)[..., 1:2].reshape(*tallies.shape[:-1])


def test_intervals_of_known_width():
    # One span a document, found with probability 0.7: recall is binomial, so that the interval
    # must be near 0.7 ± 1.96 sqrt(0.7 · 0.3 / 400) = 0.7 ± 0.045.
    found = (np.arange(400) % 10 < 7).astype(float)
    tallies = np.stack([found, np.ones(400), found, found], axis=-1)[:, None]
    (sample,) = resample([tallies], 4000, seed=0)
    low, high = intervals(sample, _recall)[0]
    assert low == pytest.approx(0.655, abs=0.008)
    assert high == pytest.approx(0.745, abs=0.008)


def test_intervals_hold_the_true_f_in_95_of_100_corpora():
    # Documents with a quality of their own: tp and fn of one gold span or none to four, so that
    # E[tp] = 2 · 0.8 and E[fp] = E[fn] = 2 · 0.2, and the true F is 0.8. The standard error of
    # the coverage of 2,000 corpora is 0.5 %; the seed is fixed.
    docs, corpora, resamples, true_f = 200, 2000, 600, 0.8
    rng = np.random.default_rng(1)
    quality = rng.beta(4 * true_f, 4 * (1 - true_f), (docs, corpora))
    gold = rng.integers(0, 5, (docs, corpora))
    found = rng.binomial(gold, quality)
    predicted = found + rng.poisson(2 * (1 - quality))
    tallies = np.stack([found, gold, found, predicted], axis=-1).astype(float)
    drawn = draw_sums(tallies.reshape(docs, -1), resamples, seed=2).reshape(resamples, -1, 4)
    total = tallies.sum(axis=0)
    values = np.sort(prf(drawn)[..., 2], axis=0)
    low, high = bca(prf(total)[..., 2], values, prf(total - tallies)[..., 2]).T
    assert 0.93 <= ((low <= true_f) & (true_f <= high)).mean() <= 0.97


def test_bca_equals_scipys():
    from scipy.stats import bootstrap

    rng = np.random.default_rng(0)
    gold = rng.integers(1, 6, 60)
    found = rng.binomial(gold, 0.85)
    tallies = np.stack([found, gold, found, gold], axis=-1).astype(float)[:, None]
    (sample,) = resample([tallies], 20_000, seed=0)
    ours = intervals(sample, _recall)[0]
    theirs = bootstrap(
        (found, gold), lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis), paired=True,
        vectorized=True, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert ours == pytest.approx(list(theirs), abs=0.004)


def test_resample_draws_as_many_documents_for_all_parts_at_once():
    rng = np.random.default_rng(0)
    ones, counts = np.ones((17, 1)), rng.integers(0, 4, (17, 2, 4)).astype(float)
    first, second, third = resample([ones, counts, 2 * counts], 300, seed=3)
    assert (first.drawn == 17).all()
    assert second.drawn.shape == (300, 2, 4)
    assert (third.drawn == 2 * second.drawn).all()
    assert second.drawn.std() > 0


def test_draw_sums_depend_on_the_seed_alone():
    counts = np.random.default_rng(0).integers(0, 4, (50, 3)).astype(float)
    drawn = draw_sums(counts, 500, seed=3)
    assert (drawn == draw_sums(counts, 500, seed=3)).all()
    assert (drawn != draw_sums(counts, 500, seed=4)).any()
    assert drawn.mean(axis=0) == pytest.approx(counts.sum(axis=0), rel=0.05)


def test_intervals_without_documents_and_without_columns():
    empty, bare = np.zeros((0, 1, 4)), np.zeros((5, 0, 4))
    (sample,) = resample([empty], 100, seed=0)
    assert np.isnan(intervals(sample, _recall)).all()
    (sample,) = resample([bare], 100, seed=0)
    assert sample.drawn.shape == (100, 0, 4)


def test_intervals_leave_out_resamples_where_the_score_is_undefined():
    # One document of three has gold: 8 in 27 resamples have none.
    tallies = np.zeros((3, 1, 4))
    tallies[0, 0] = [1, 2, 1, 1]
    (sample,) = resample([tallies], 500, seed=0)
    assert intervals(sample, _recall)[0].tolist() == [0.5, 0.5]
