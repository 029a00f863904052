from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.annotations.records import Span
from scripts.corpora.gold import GoldRecord
from scripts.scoring.calibration import (
    EDGE,
    FITS,
    MIN_SPANS,
    RAW,
    Calibration,
    Judged,
    assess,
    brier,
    choose_calibration,
    expected_error,
    fit_isotonic,
    fit_temperature,
    judge,
    keep_above,
    log_loss,
    reliability,
    risk_coverage,
)

PROBABILITIES = st.floats(0, 1)
PAIRS = st.lists(st.tuples(PROBABILITIES, st.booleans()), min_size=1, max_size=40)


def _judged(confidence, correct, document=None):
    confidence = np.asarray(confidence, dtype=float)
    document = np.arange(len(confidence)) if document is None else np.asarray(document)
    return Judged(confidence, np.asarray(correct, dtype=bool), document, len(confidence), 0)


def _simulated(size, distort=lambda p: p, seed=0):
    """Entities that are right as often as their true probability, and what a model says of it."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.02, 0.98, size)
    return _judged(distort(truth), rng.uniform(size=size) < truth), truth


def _ece(probability, correct, **options):
    return expected_error(reliability(probability, correct, **options))


def test_judge_leaves_out_what_cannot_be_judged():
    ents = (Span(0, 6, "PER"), Span(13, 18, "LOC"))
    record = GoldRecord("dev:1", None, "করিমের বাড়ি ঢাকায়", ents, ents, ((7, 12),))
    predicted = {Span(0, 6, "PER"): 0.9, Span(7, 12, "LOC"): 0.8, Span(13, 18, "ORG"): 0.4}
    judged = judge([record], [predicted])
    assert dict(zip(judged.confidence, judged.correct, strict=True)) == {0.9: True, 0.4: False}
    assert (judged.gold, judged.unjudged) == (2, 1)


def _brute_force(confidence, correct):
    """The best rising fit over all partitions into runs whose means rise."""
    values = sorted(set(confidence))
    groups = [[float(c) for v, c in zip(confidence, correct, strict=True) if v == value]
              for value in values]  # fmt: skip
    best = None
    for cuts in product([False, True], repeat=len(groups) - 1):
        runs = [[0]]
        for i, cut in enumerate(cuts, start=1):
            runs.append([i]) if cut else runs[-1].append(i)
        means = [np.mean([c for i in run for c in groups[i]]) for run in runs]
        if all(a <= b for a, b in zip(means, means[1:], strict=False)):
            fit = [mean for run, mean in zip(runs, means, strict=True) for _ in run]
            loss = sum((c - f) ** 2 for f, own in zip(fit, groups, strict=True) for c in own)
            if best is None or loss < best[0] - 1e-12:
                best = loss, fit
    return values, best[1]


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.6, 0.8, 0.9, 1.0]),
                          st.booleans()), min_size=1, max_size=14))  # fmt: skip
def test_isotonic_is_the_best_rising_fit(pairs):
    confidence, correct = zip(*pairs, strict=True)
    values, expected = _brute_force(confidence, correct)
    least = 1 / (len(pairs) + 2)
    fitted = fit_isotonic(_judged(confidence, correct)).apply(np.array(values))
    assert fitted == pytest.approx(np.clip(expected, least, 1 - least))


@pytest.mark.parametrize("name", ["isotonic", "temperature"])
@given(pairs=PAIRS, asked=st.lists(PROBABILITIES, min_size=2))
def test_calibrated_values_are_probabilities_and_keep_the_order(name, pairs, asked):
    calibration = FITS[name](_judged(*zip(*pairs, strict=True)))
    calibrated = calibration.apply(np.sort(asked))
    assert np.all((calibrated >= 0) & (calibrated <= 1))
    assert np.all(np.diff(calibrated) >= -1e-12)
    again = Calibration.from_json(calibration.method, calibration.to_json())
    assert np.array_equal(again.apply(np.sort(asked)), calibrated)


def test_isotonic_between_confidences_that_hardly_differ_is_a_probability_in_order():
    # The slope from 0 to a denormal number is infinite in floats.
    low, points = 2e-311, [(0.0, 0.25), (2e-311, 0.5), (1.0, 0.75)]
    calibration = Calibration("isotonic", tuple(points))
    asked = np.array([0.0, low / 4, low / 2, low, 0.5, 1.0])
    found = calibration.apply(asked)
    assert np.all(np.diff(found) >= 0)
    assert (found[0], found[3], found[5]) == (0.25, 0.5, 0.75)
    assert np.all((found[1:3] >= 0.25) & (found[1:3] <= 0.5))
    assert found[4] == pytest.approx(0.625)


def test_temperature_finds_the_one_that_was_put_in():
    def sharpen(p):
        return 1 / (1 + ((1 - p) / p) ** 3)

    judged, truth = _simulated(20_000, sharpen)
    calibration = fit_temperature(judged)
    assert calibration.temperature == pytest.approx(3, rel=0.05)
    assert calibration.apply(judged.confidence) == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize("equal_mass", [True, False])
def test_ece_is_zero_where_confidence_is_the_share_of_right_ones(equal_mass):
    confidence = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 20)
    correct = np.concatenate([np.arange(20) < round(20 * c) for c in (0.1, 0.3, 0.5, 0.7, 0.9)])
    assert _ece(confidence, correct, equal_mass=equal_mass) == pytest.approx(0)


def test_ece_is_the_gap_where_the_gap_is_known():
    assert _ece(np.full(10, 0.9), np.arange(10) < 6) == pytest.approx(0.3)
    assert brier(np.full(10, 0.9), np.arange(10) < 6) == pytest.approx(0.6 * 0.01 + 0.4 * 0.81)


@given(PAIRS, st.randoms(use_true_random=False))
def test_reliability_counts_each_entity_once_whatever_the_order(pairs, random):
    bins = reliability(*map(np.array, zip(*pairs, strict=True)))
    assert sum(b["count"] for b in bins) == len(pairs)
    assert all(b["low"] <= b["confidence"] + 1e-9 and b["confidence"] <= b["high"] + 1e-9
               for b in bins)  # fmt: skip
    assert all(a["high"] < b["low"] for a, b in zip(bins, bins[1:], strict=False))
    random.shuffle(pairs)
    shuffled = reliability(*map(np.array, zip(*pairs, strict=True)))
    assert [b["count"] for b in shuffled] == [b["count"] for b in bins]
    assert expected_error(shuffled) == pytest.approx(expected_error(bins))


def test_reliability_bins_hold_as_many_entities_each():
    judged, _ = _simulated(1500)
    assert [b["count"] for b in reliability(judged.confidence, judged.correct)] == [100] * 15


def test_calibration_mends_an_overconfident_model_on_texts_it_did_not_see():
    judged, _ = _simulated(3000, lambda p: 1 - (1 - p) ** 4)
    choice = choose_calibration(judged, seed=0)
    assert choice.calibration.method == "isotonic"
    assert choice.losses["isotonic"] == min(choice.losses.values())
    assert _ece(judged.confidence, judged.correct) > 0.25
    assert _ece(choice.unseen, judged.correct) < 0.05
    fresh, _ = _simulated(3000, lambda p: 1 - (1 - p) ** 4, seed=1)
    report = assess(fresh, choice.calibration.apply(fresh.confidence), choice.calibration)
    assert report["ece_after"] < 0.05 < 0.25 < report["ece_before"]
    assert report["brier_after"] < report["brier_before"]


def test_calibration_is_measured_on_documents_that_the_fit_did_not_see():
    # Within a document all are right or all are wrong, at a confidence of its own: a fit that had
    # seen the document would know which.
    rng = np.random.default_rng(0)
    document = np.repeat(np.arange(40), 10)
    right = rng.uniform(size=40) < 0.5
    confidence = np.repeat(rng.permutation(np.linspace(0.1, 0.9, 40)), 10)
    choice = choose_calibration(_judged(confidence, right[document], document), seed=0)
    seen = fit_isotonic(_judged(confidence, right[document]))
    assert min(choice.losses.values()) > 0.6
    assert log_loss(seen.apply(confidence), right[document]) < 0.65


def test_calibration_stays_raw_where_that_is_best():
    # Scores that tell nothing wrong: temperature 1 and steps can only lose by being fitted.
    judged, _ = _simulated(400, seed=3)
    choice = choose_calibration(judged, seed=0)
    assert choice.losses["none"] - min(choice.losses.values()) < 0.01
    assert choice.calibration.method in ("none", "temperature")


@pytest.mark.parametrize("documents", [1, MIN_SPANS - 1])
def test_calibration_says_when_dev_is_too_small(documents):
    size = MIN_SPANS * 2 if documents == 1 else documents
    judged = _judged(np.linspace(0, 1, size), np.ones(size), np.arange(size) % documents)
    choice = choose_calibration(judged, seed=0)
    assert choice.calibration is RAW
    assert f"{size} predicted entities in {documents} texts" in choice.reason


def test_calibration_is_the_same_for_the_same_seed():
    judged, _ = _simulated(500)
    first, second = (choose_calibration(judged, seed=7) for _ in range(2))
    assert first.calibration == second.calibration
    assert np.array_equal(first.unseen, second.unseen)


def test_risk_coverage_of_a_small_case_by_hand():
    curve, area = risk_coverage(
        Judged(np.array([0.9, 0.5, 0.5, 0.2]), np.array([1, 1, 0, 0], bool), np.arange(4), 4, 0)
    )
    assert curve.tolist() == [
        [0.9, 0.25, 0.0, 0.25],
        [0.5, 0.75, pytest.approx(1 / 3), 0.5],
        [0.2, 1.0, 0.5, 0.5],
    ]
    assert area == pytest.approx((0 + 1 / 3 + 1 / 3 + 0.5) / 4)


@given(PAIRS)
def test_risk_coverage_is_that_of_keeping_by_threshold(pairs):
    judged = _judged(*zip(*pairs, strict=True))
    curve, area = risk_coverage(judged)
    for confidence, coverage, risk, recall in curve:
        kept = keep_above(judged, judged.confidence, confidence)
        assert kept["kept"] == pytest.approx(coverage * len(pairs))
        assert kept["p"] == pytest.approx(1 - risk) and kept["r"] == pytest.approx(recall)
    assert 0 <= area <= 1


def test_assess_of_no_entity_is_empty_not_an_error():
    report = assess(_judged([], []), np.array([]), RAW)
    assert report["spans"] == 0 and report["bins"] == [] and report["risk_coverage"] == []


def test_log_loss_of_certain_mistakes_is_finite():
    assert log_loss(np.array([1.0]), np.array([False])) == pytest.approx(-np.log(EDGE))
