"""What is said about a model."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

from scripts.scoring.calibration import Calibration
from scripts.service.describe import EXAMPLES, colour, describe
from scripts.service.limits import Limits


def _luminance(hexadecimal):
    """Relative luminance of WCAG 2.2."""
    parts = [int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("label", ["PER", "LOC", "ORG", "DATE", "LAW", "NORP", "ব্যক্তি", "x", "B12"])
def test_describe_colours_have_contrast_with_their_text(label):
    text = _luminance("#111111") + 0.05
    assert (_luminance(colour(label)) + 0.05) / text >= 7


def test_describe_takes_the_colours_of_displacy():
    assert (colour("ORG"), colour("PER"), colour("PERSON")) == ("#7aecec", "#aa9cfc", "#aa9cfc")
    assert colour("ব্যক্তি") == colour("ব্যক্তি") != colour("স্থান")


def test_describe_names_model_labels_and_an_example(stub):
    found = describe(stub, Limits())
    assert (found["model"], found["labels"]) == ("bn_stub-1", ["LOC", "PER"])
    assert found["example"] == EXAMPLES["bn"]
    assert found["confidence"] == "raw, not calibrated"
    # Not where the calibration lies.
    stub.calibration, stub.calibrated = (
        Calibration("temperature", temperature=2.0),
        "by /home/me/metrics",
    )
    assert describe(stub, Limits())["confidence"] == "calibrated"
