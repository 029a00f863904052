"""What the report warns of."""

from __future__ import annotations

import pytest

from scripts.reports.cautions import cautions

from .samples import Files, audit, calibration, log_row, metrics, score


def test_cautions_name_what_weakens_the_scores(files: Files) -> None:
    data = metrics("dev")
    data["gold"]["repaired"]["labels"]["LOC"] = score(20, 5, 9)
    data["gold"]["repaired"]["micro"]["f_ci"] = [0.7, 0.9]
    data["docs"] = 119
    files.write("dev", data)
    found = "\n".join(cautions(files.load()))
    assert "dev has fewer than 30 spans of LOC (29), স্থান (0)" in found
    assert "The 95 % interval of F, repaired gold, is wide: 20.0 points on dev." in found
    assert "Spans refused: 1 of 110 in train" in found
    assert "dev was scored on 119 documents" in found
    assert "Records dropped from train: 80" in found
    assert "test was scored on" not in found


@pytest.mark.parametrize(
    ("values", "phrase"),
    [
        ([0.0, 0.0], "stayed at 0"),
        ([0.1, 0.5], "is the last one"),
        ([0.5, 0.5], None),
        ([0.5, 0.4], None),
    ],
)
def test_cautions_read_the_course_of_the_score(
    files: Files, values: list[float], phrase: str | None
) -> None:
    files.write_rows(files.log, [log_row(200 * i, value) for i, value in enumerate(values)])
    found = "\n".join(cautions(files.load()))
    for each in ("stayed at 0", "is the last one"):
        assert (each in found) == (each == phrase)


def test_cautions_label_that_train_lacks(files: Files) -> None:
    data = audit()
    data["splits"]["train"] = {**data["splits"]["train"], "labels": {"PER": 60, "LOC": 40}}
    files.write("audit", data)
    assert "Labels of dev that train has no span of: স্থান." in cautions(files.load())


def test_cautions_say_that_dev_alone_is_optimistic(files: Files) -> None:
    warning = "no scores on a test set"
    both = warning in "\n".join(cautions(files.load()))
    for path in files.metrics.glob("test*"):
        path.unlink()
    assert not both
    assert warning in "\n".join(cautions(files.load()))


def test_cautions_tell_a_calibration_of_something_else(files: Files) -> None:
    files.write("calibration", {**calibration(), "model": "b/model-best", "corpus_md5": "0"})
    found = "\n".join(cautions(files.load()))
    assert "calibrated on another corpus" in found
    assert "of another model than the scores: b/model-best" in found
