"""Short ways to judge spans."""

from __future__ import annotations

import pytest

from scripts.scoring.bootstrap import Sample
from scripts.scoring.matching import match_spans
from scripts.scoring.measures import outcomes, tally_labels
from scripts.scoring.spans import align


@pytest.fixture(scope="session")
def strict_sample():
    """Makes the strict tallies of (gold, predicted) documents, without draws of interest."""

    def make(docs):
        aligned = align([match_spans(gold, predicted) for gold, predicted in docs])
        tallies = tally_labels(aligned, outcomes(aligned)["strict"])
        return aligned.labels, Sample(tallies, tallies.sum(axis=0, keepdims=True))

    return make
