import json
from collections import Counter

import numpy as np
import pytest
import spacy

from scripts.common.errors import UserError
from scripts.corpora.docbins import docbin_files, read_docs
from scripts.experiments.curve import curve_table, run_curve, sentence
from scripts.experiments.projection import fit_law, project
from scripts.experiments.subsets import nested_subsets, read_training_set, write_subset

from .conftest import Trainer

# Draws, and projects many curves.
pytestmark = pytest.mark.project

SHARES = (0.1, 0.25, 0.5, 1.0)


def power_law(share, a=0.8, b=0.1, c=0.5):
    return a - b * share**-c


def points(spread=0.004, law=power_law):
    return {share: [law(share) + d for d in (-spread, 0.0, spread)] for share in SHARES}


def around(*means):
    return {share: [f - 0.001, f, f + 0.001] for share, f in zip(SHARES, means, strict=True)}


def test_subsets_are_nested_and_keep_copies_together(corpus):
    data = read_training_set(corpus / "train.spacy")
    for seed in range(5):
        parts = nested_subsets(data, [10, 25, 50, 100], seed)
        assert set(parts[10]) < set(parts[25]) < set(parts[50]) < set(parts[100])
        assert len(parts[100]) == len(data.labels) == 42
        assert [len(parts[p]) for p in (10, 25, 50)] == pytest.approx([4.2, 10.5, 21], abs=1.5)
        for part in parts.values():
            assert (5 in part) == (40 in part)


def test_subsets_are_stratified_by_label(corpus):
    data = read_training_set(corpus / "train.spacy")
    whole = Counter(label for labels in data.labels for label in labels)
    for seed in range(5):
        for percent, part in nested_subsets(data, [25, 50], seed).items():
            counts = Counter(label for index in part for label in data.labels[index])
            for label, n in whole.items():
                assert counts[label] == pytest.approx(n * percent / 100, abs=1.6)


def test_subsets_differ_by_seed_and_not_otherwise(corpus):
    data = read_training_set(corpus / "train.spacy")
    assert nested_subsets(data, [25], 0) == nested_subsets(data, [25], 0)
    assert nested_subsets(data, [25], 0) != nested_subsets(data, [25], 1)


def test_write_subset_keeps_the_docs_as_they_are(corpus, tmp_path):
    source, target = corpus / "train.spacy", tmp_path / "part.spacy"
    write_subset(source, [41, 2, 0], target)
    vocab = spacy.blank("bn").vocab
    whole = list(read_docs(docbin_files(source), vocab))
    part = list(read_docs(docbin_files(target), vocab))
    assert [doc.text for doc in part] == [whole[index].text for index in (0, 2, 41)]
    for doc, index in zip(part, (0, 2, 41), strict=True):
        assert [t.ent_iob_ + t.ent_type_ for t in doc] == [
            t.ent_iob_ + t.ent_type_ for t in whole[index]
        ]
    # Unknown to training, which is not the same as outside.
    assert [token.ent_iob for token in part[2]][:3] == [0, 0, 2]


def test_fit_law_finds_the_law_it_was_given():
    law = fit_law(SHARES, [power_law(share) for share in SHARES])
    assert (law.a, law.b, law.c) == pytest.approx((0.8, 0.1, 0.5), abs=1e-3)


def test_fit_law_never_promises_more_than_all():
    law = fit_law(SHARES, [0.2, 0.45, 0.7, 0.99])
    assert law.a <= 1
    assert float(law(1000)) <= 1


def test_project_foretells_twice_the_data_with_an_interval():
    result = project(points())
    truth = power_law(2.0) - power_law(1.0)
    assert result["gain"] == pytest.approx(truth, abs=1e-3)
    assert result["gain_ci"][0] < truth < result["gain_ci"][1]
    assert result["doubts"] == []
    assert result == project(points())


def test_project_interval_grows_with_the_spread_of_the_seeds():
    narrow, wide = project(points(0.002))["gain_ci"], project(points(0.02))["gain_ci"]
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


@pytest.mark.parametrize(
    ("measured", "doubt"),
    [
        ({s: [power_law(s)] for s in SHARES}, "fewer than three seeds"),
        ({s: [0.5 - 0.1 * s] * 3 for s in SHARES}, "does not rise"),
        (around(0.5, 0.6, 0.7, 0.65), "than with a part"),
        (around(0.3, 0.6, 0.61, 0.8), "misses a point"),
        ({s: [power_law(s)] * 3 for s in SHARES[1:]}, "nothing is left to check"),
        (points(0.05), "far wider than the gain"),
    ],
)  # fmt: skip
def test_project_says_why_it_is_not_to_be_trusted(measured, doubt):
    assert any(doubt in found for found in project(measured)["doubts"])


def test_project_of_two_sizes_fits_nothing():
    result = project({0.5: [0.4] * 3, 1.0: [0.5] * 3})
    assert result["gain"] is None
    assert "three sizes" in result["doubts"][0]


def by_docs(seed, options, docs):
    return float(power_law(docs / 42)) + 0.002 * (seed - 1)


def test_curve_trains_on_the_parts_and_projects(setup, tmp_path):
    trainer = Trainer(by_docs)
    report = run_curve(setup, [10, 25, 50, 100], [0, 1, 2], tmp_path / "out", run=trainer)
    by_run = {
        (len(texts), options["seed"]): set(texts)
        for options, texts in zip(trainer.trained, trainer.docs, strict=True)
    }
    assert len(by_run) == 12
    for seed in "012":
        sizes = sorted(n for n, s in by_run if s == seed)
        for small, large in zip(sizes, sizes[1:], strict=False):
            assert by_run[small, seed] <= by_run[large, seed]
    assert [size["percent"] for size in report["sizes"]] == [10, 25, 50, 100]
    assert report["projection"]["gain"] == pytest.approx(power_law(2.0) - power_law(1.0), abs=0.005)
    assert sentence(report).startswith("Twice the data would bring about +")
    assert curve_table(report).rows[-1][1:3] == ["42", "40"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "curve.json", "curve.png", "curve.svg", "logs", "runs",
    ]  # fmt: skip
    assert not list((tmp_path / "out").rglob("model-*"))
    assert json.loads((tmp_path / "out" / "curve.json").read_text(encoding="utf8")) == report


def test_curve_dev_and_options_are_the_same_for_all(setup, tmp_path):
    trainer = Trainer(by_docs)
    run_curve(setup, [50, 100], [0], tmp_path, run=trainer)
    part, whole = trainer.trained
    assert "paths.train" not in whole
    assert {k: v for k, v in part.items() if k not in ("paths.train", "output")} == {
        k: v for k, v in whole.items() if k != "output"
    }


def test_curve_run_again_trains_only_what_is_missing(setup, tmp_path):
    first = run_curve(setup, [25, 50, 100], [0, 1], tmp_path, run=Trainer(by_docs, fails=[1]))
    assert len(first["failed"]) == 3
    assert any("failed" in doubt for doubt in first["projection"]["doubts"])
    trainer = Trainer(by_docs)
    second = run_curve(setup, [25, 50, 100], [0, 1], tmp_path, run=trainer)
    assert [options["seed"] for options in trainer.trained] == ["1", "1", "1"]
    assert second["failed"] == []


def test_curve_plot_is_the_same_for_the_same_data(setup, tmp_path):
    for name in ("a", "b"):
        run_curve(setup, [25, 50, 100], [0, 1], tmp_path / name, run=Trainer(by_docs))
    for kind in ("png", "svg"):
        one, two = (tmp_path / name / f"curve.{kind}" for name in ("a", "b"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("sizes", [[100], [10, 50], [0, 100], [50, 101]])
def test_curve_refuses_sizes_that_make_no_curve(setup, tmp_path, sizes):
    with pytest.raises(UserError, match="sizes"):
        run_curve(setup, sizes, [0], tmp_path, run=Trainer(by_docs))


def test_curve_refuses_parts_without_a_text(setup, tmp_path):
    with pytest.raises(UserError, match="too small"):
        run_curve(setup, [1, 2, 100], [0], tmp_path, run=Trainer(by_docs))


@pytest.mark.project
def test_curve_interval_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(0)
    inside = 0
    for _ in range(100):
        drawn = {s: [power_law(s) + random.normal(0, 0.005) for _ in range(4)] for s in SHARES}
        low, high = project(drawn)["gain_ci"]
        inside += low <= power_law(2.0) - power_law(1.0) <= high
    assert 90 <= inside <= 99
