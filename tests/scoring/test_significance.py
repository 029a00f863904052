import numpy as np
import pytest

from scripts.scoring.significance import compare, randomisation


def _model(rng, gold, quality):
    """tp, fp, fn by document of a model that finds spans with a probability."""
    found = rng.binomial(gold, quality)
    return np.stack([found, rng.poisson(2 * (1 - quality), len(gold)), gold - found], axis=1)


def test_compare_of_identical_models():
    rng = np.random.default_rng(0)
    model = _model(rng, rng.integers(0, 5, 50), 0.8)
    result = compare(model, model, rounds=500, seed=0)
    assert result.p_randomisation == result.p_bootstrap == 1
    assert result.difference == 0
    assert result.difference_ci.tolist() == [0, 0]
    assert result.b_ahead == 0.5


def test_compare_finds_a_much_better_model_and_its_difference():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 5, 300)
    bad, good = _model(rng, gold, 0.6), _model(rng, gold, 0.9)
    result = compare(bad, good, rounds=10_000, seed=0)
    assert result.p_randomisation < 0.001
    assert result.p_bootstrap < 0.001
    assert result.b_ahead > 0.999
    assert result.difference_ci[0] < 0.3 < result.difference_ci[1]
    back = compare(good, bad, rounds=10_000, seed=0)
    assert back.difference == pytest.approx(-result.difference)
    assert back.difference_ci == pytest.approx(-result.difference_ci[::-1], abs=1e-9)


def test_randomisation_is_exact_where_all_assignments_can_be_counted():
    # Three documents, each found by B alone: of the 8 assignments, only the one that was seen and
    # its mirror differ as much. p is 1/4.
    first = np.array([[0, 0, 1]] * 3)
    second = np.array([[1, 0, 0]] * 3)
    assert randomisation(first, second, rounds=20_000, seed=0) == pytest.approx(0.25, abs=0.01)


def test_compare_of_a_label_that_neither_model_nor_gold_has():
    nothing = np.zeros((4, 3), dtype=int)
    result = compare(nothing, nothing, rounds=100, seed=0)
    assert np.isnan([result.difference, result.p_randomisation, result.p_bootstrap]).all()


def test_p_values_of_equal_models_are_uniform():
    # Two models of one quality, whose answers differ by chance alone: p is below x in x of all
    # cases. 400 simulations; the standard error of a share near 0.5 is 0.025.
    rng = np.random.default_rng(0)
    random, paired = [], []
    for seed in range(400):
        gold = rng.integers(0, 5, 80)
        quality = rng.beta(4, 2, 80)
        result = compare(
            _model(rng, gold, quality), _model(rng, gold, quality), rounds=300, seed=seed
        )
        random.append(result.p_randomisation)
        paired.append(result.p_bootstrap)
    for values in (random, paired):
        for share in (0.05, 0.25, 0.5, 0.75):
            error = np.sqrt(share * (1 - share) / len(values))
            assert np.mean(np.asarray(values) <= share) == pytest.approx(share, abs=4 * error)
