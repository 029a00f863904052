"""Comparison of pooled runs: what pooling keeps, and what it must not change."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts import compare
from scripts.common.errors import UserError
from scripts.scoring.comparison import (
    Scored,
    compare_scored,
    find_metrics,
    pool_scored,
    read_scored,
)

ROUNDS = 200
# Signed parts of a comparison, which change their sign with the sides.
SIDES = {"f_a": "f_b", "f_a_ci": "f_b_ci"}


def _scored(gold, seed, quality=0.7, name=None):
    """Metrics of a model that finds each name with a probability; two labels."""
    rng = np.random.default_rng(seed)
    labels = {}
    for label, spans in gold.items():
        found = rng.binomial(spans, quality)
        wrong = rng.poisson(0.3, len(spans))
        labels[label] = np.stack([found, wrong, spans - found], axis=1)
    path = name or f"seed-{seed}/metrics/test.json"
    metrics = {"model": f"m{seed}", "docs": len(spans), "corpus_md5": "x", "split": "test",
               "dataset": "test"}  # fmt: skip
    from pathlib import Path

    return Scored(Path(path), metrics, sum(labels.values()), labels)


def _gold(docs=40):
    rng = np.random.default_rng(9)
    return {"PER": rng.integers(0, 4, docs), "LOC": rng.integers(0, 2, docs)}


def _write(path, scored):
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = sorted(scored.labels)
    counts = [
        [doc, i, *(int(n) for n in scored.labels[label][doc])]
        for doc in range(len(scored.documents))
        for i, label in enumerate(labels)
    ]
    stored = {**scored.metrics, "per_document": scored.documents.tolist(),
              "per_document_labels": {"labels": labels, "counts": counts}}  # fmt: skip
    path.write_text(json.dumps(stored), encoding="utf8")
    return path


def _core(result):
    return {k: v for k, v in result.items() if k not in ("a", "b")}


def test_pool_of_one_run_is_that_run():
    single = _scored(_gold(), 1)
    assert pool_scored([single]) is single


def test_pooled_copies_of_a_run_compare_as_the_run_does():
    a, b = _scored(_gold(), 1), _scored(_gold(), 2, quality=0.8)
    alone = compare_scored(a, b, rounds=ROUNDS, seed=0)
    copies = [_scored(_gold(), 1, name=f"a{i}") for i in range(3)]
    pooled = compare_scored(pool_scored(copies), b, rounds=ROUNDS, seed=0)
    assert _core(pooled) == _core(alone)
    assert pooled["a"]["f_sd"] == 0
    assert pooled["a"]["f_mean"] == alone["micro"]["f_a"]
    assert "runs" not in pooled["b"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=4, unique=True),
       st.lists(st.integers(51, 99), min_size=1, max_size=4, unique=True))  # fmt: skip
def test_comparison_of_pools_is_symmetric(first, second):
    a, b = (pool_scored([_scored(_gold(), seed) for seed in seeds]) for seeds in (first, second))
    there = compare_scored(a, b, rounds=ROUNDS, seed=0)
    back = compare_scored(b, a, rounds=ROUNDS, seed=0)
    assert there["a"] == back["b"]
    for row in ("micro",):
        assert there[row]["f_a"] == back[row]["f_b"]
        assert there[row]["difference"] == pytest.approx(-back[row]["difference"], abs=1e-6)
        assert there[row]["p_randomisation"] == back[row]["p_randomisation"]
        assert there[row]["p_bootstrap"] == back[row]["p_bootstrap"]


def test_f_of_a_pool_lies_between_those_of_its_runs():
    runs = [_scored(_gold(), seed) for seed in range(4)]
    scores = [run.f for run in runs]
    pooled = pool_scored(runs)
    assert min(scores) <= pooled.f <= max(scores)
    assert pooled.documents.sum() == sum(run.documents.sum() for run in runs)
    other = compare_scored(pooled, _scored(_gold(), 9), rounds=ROUNDS, seed=0)
    assert other["a"]["f_mean"] == pytest.approx(np.mean(scores), abs=1e-6)
    assert other["a"]["f_sd"] == pytest.approx(np.std(scores, ddof=1), abs=1e-6)
    assert [run["f"] for run in other["a"]["runs"]] == pytest.approx(scores, abs=1e-6)


def test_pool_takes_a_label_that_only_one_run_has():
    first, second = _scored(_gold(), 1), _scored(_gold(), 2)
    extra = np.zeros_like(second.documents)
    extra[0] = (0, 1, 0)
    second.labels["ORG"] = extra
    assert pool_scored([first, second]).labels["ORG"].sum(axis=0).tolist() == [0, 1, 0]


def test_pool_refuses_runs_of_other_gold_and_a_file_twice():
    with pytest.raises(UserError, match="gold of document"):
        pool_scored([_scored(_gold(), 1), _scored({"PER": np.full(40, 9)}, 2)])
    with pytest.raises(UserError, match="twice"):
        pool_scored([_scored(_gold(), 1), _scored(_gold(), 1)])


def test_compare_reads_directories_lists_and_files(tmp_path, capsys):
    for side, quality in (("ours", 0.9), ("peer", 0.5)):
        for seed in (0, 2, 10):
            found = _scored(_gold(), seed, quality)
            _write(tmp_path / side / f"seed-{seed}" / "metrics" / "test.json", found)
    ours, peer = str(tmp_path / "ours"), str(tmp_path / "peer")
    assert [p.parts[-3] for p in find_metrics([ours, peer])[0]] == ["seed-0", "seed-2", "seed-10"]
    compare.main(ours, peer, output=tmp_path / "c.json", dataset=None, rounds=ROUNDS, seed=0)
    result = json.loads((tmp_path / "c.json").read_text(encoding="utf8"))
    assert result["micro"]["difference"] < 0
    assert len(result["a"]["runs"]) == 3
    printed = " ".join(capsys.readouterr().out.split())
    assert "over 3 runs" in printed
    assert "±" in printed
    listed = ",".join(str(path) for path in find_metrics([ours])[0])
    compare.main(listed, peer, output=tmp_path / "d.json", dataset=None, rounds=ROUNDS, seed=0)
    assert (tmp_path / "c.json").read_bytes() == (tmp_path / "d.json").read_bytes()


def test_compare_takes_dev_from_directories_without_test(tmp_path):
    for side in "ab":
        found = _scored(_gold(), 1)
        _write(tmp_path / side / "seed-1" / "metrics" / "dev.json", found)
    _write(tmp_path / "b" / "seed-1" / "metrics" / "test.json", found)
    sides = [str(tmp_path / side) for side in "ab"]
    assert [p.name for paths in find_metrics(sides) for p in paths] == ["dev.json"] * 2
    missing = find_metrics(sides, "test")[0][0]
    with pytest.raises(UserError, match="no such metrics"):
        read_scored(missing)


def test_compare_refuses_a_directory_without_runs(tmp_path):
    with pytest.raises(UserError, match="no scored runs"):
        find_metrics([str(tmp_path), str(tmp_path)])
