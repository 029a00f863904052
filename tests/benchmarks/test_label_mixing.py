"""Which sets teach which label, and what the table of the label benchmark shows."""

from __future__ import annotations

import json

import pytest

from benchmarks.label_mixing import WAYS, summary, table, teachers

LABELS = ["DATE", "LOC", "MISC", "PER"]


def _report(**annotates):
    sets = [{"split": "train", "name": n, "annotates": value} for n, value in annotates.items()]
    dev = {"split": "dev", "name": "dev", "annotates": ["PER"]}
    return {"labels": LABELS, "sets": [*sets, dev]}


@pytest.mark.parametrize(
    ("annotates", "expected"),
    [
        ({"a": "all", "b": ["LOC", "PER"]}, {("a",): ["DATE", "MISC"]}),
        ({"a": "all", "b": "all"}, {}),
        ({"a": "as each text says", "b": ["LOC", "PER"]}, {("b",): ["LOC", "PER"]}),
        (
            {"a": ["LOC", "MISC", "PER"], "b": ["LOC", "PER"], "c": ["DATE", "LOC", "PER"]},
            {("a",): ["MISC"], ("c",): ["DATE"]},
        ),
        ({"a": "all", "b": ["PER"], "c": ["LOC", "PER"]},
         {("a",): ["DATE", "MISC"], ("a", "c"): ["LOC"]}),
    ],
)  # fmt: skip
def test_label_mixing_teachers_are_all_sets_that_annotate_a_label(annotates, expected):
    assert teachers(_report(**annotates)) == expected


def _scores(f):
    labels = {"PER": {"f": f}, "MISC": {"f": None}}
    return {"gold": {"repaired": {"micro": {"f": f}, "labels": labels}}}


def test_label_mixing_table_has_a_row_for_each_gold_and_label(tmp_path):
    for seed, f in ((0, 0.5), (1, 0.7)):
        folder = tmp_path / f"seed-{seed}" / "metrics"
        folder.mkdir(parents=True)
        for name in ("test", "test-a"):
            (folder / f"{name}.json").write_text(json.dumps(_scores(f)), encoding="utf8")
    found = summary(tmp_path, [0, 1])
    assert found["test"]["micro"]["mean"] == pytest.approx(0.6)
    rows = table({way: {"f": found} for way in WAYS}).rows
    places = [(name, label) for name in ("test-a", "test") for label in ("micro", "PER", "MISC")]
    assert [row[:2] for row in rows] == places
    assert rows[0][2:] == ("60.0 ± 14.1",) * 3
    assert rows[2][2:] == ("– ± –",) * 3
