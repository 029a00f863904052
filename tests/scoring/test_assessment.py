import numpy as np

from scripts.annotations.records import Span
from scripts.corpora.gold import GoldRecord
from scripts.scoring.assessment import PredictedSplit, assess_splits
from scripts.scoring.calibration import fit_isotonic, judge, keep_above

SPAN = Span(0, 5, "PER")


def _split(datasets, seed=0, texts=400):
    """One predicted entity a text; whether it is right has nothing to do with its confidence."""
    rng = np.random.default_rng(seed)
    gold, predicted = [], []
    for i in range(texts):
        ents = (SPAN,) if rng.random() < 0.5 else ()
        name = datasets[i % len(datasets)]
        gold.append(GoldRecord(f"a:{i}", None, "রহিমা এলেন", ents, ents, (), name))
        predicted.append({SPAN: float(rng.random())})
    return PredictedSplit(gold, predicted)


def test_assessment_of_dev_is_by_fits_that_did_not_see_the_text():
    dev = _split(["a", "b"])
    choice, found = assess_splits({"dev": dev}, seed=0)
    assert set(found) == {"dev", "dev-a", "dev-b"}
    assert np.array_equal(found["dev"].after, choice.unseen)
    assert np.array_equal(found["dev-a"].after, choice.unseen[0::2])
    assert np.array_equal(found["dev-b"].after, choice.unseen[1::2])
    in_sample = fit_isotonic(judge(dev.gold, dev.predicted)).apply(found["dev"].judged.confidence)
    seen = keep_above(found["dev"].judged, in_sample, 0.6)
    unseen = keep_above(found["dev"].judged, found["dev"].after, 0.6)
    assert seen["kept"] and (not unseen["kept"] or unseen["p"] < seen["p"])


def test_assessment_of_parts_adds_up_to_the_split():
    splits = {"dev": _split([None]), "test": _split(["x", "y z"], seed=1)}
    _, found = assess_splits(splits, seed=0)
    assert set(found) == {"dev", "test", "test-x", "test-y_z"}
    parts = [found["test-x"].scores, found["test-y_z"].scores]
    whole = found["test"].scores
    for key in ("spans", "gold_spans"):
        assert sum(part[key] for part in parts) == whole[key]
    mean = sum(part["spans"] * part["brier_after"] for part in parts) / whole["spans"]
    assert abs(mean - whole["brier_after"]) < 1e-5


def test_assessment_of_an_empty_dev_is_none():
    choice, found = assess_splits({"dev": PredictedSplit([], [])}, seed=0)
    assert choice.calibration.method == "none"
    assert found["dev"].scores["spans"] == 0
