"""The measures of SemEval-2013 task 9.1, and left and right boundaries.

strict, exact, partial and type are those of the task's evaluation (Segura-Bedmar, Martínez and
Herrero-Zazo 2013), on the categories of MUC (Chinchor and Sundheim 1993). Gold and
predicted spans are paired within a document, none twice (``spans.align``), and a pair is

========  =======================================  ==========================
measure   correct                                  otherwise
========  =======================================  ==========================
strict    same offsets and label                   incorrect
exact     same offsets, whatever the label         incorrect
partial   same offsets, whatever the label         partial: half a correct one
type      same label; they overlap at least        incorrect
========  =======================================  ==========================

Spans without a partner are missed or spurious. possible = correct + incorrect + partial + missed
is the number of gold spans, actual = correct + incorrect + partial + spurious that of judged
predictions. left and right ask for the label and one boundary (as the boundary matching of Tsai
et al. 2006, BMC Bioinformatics 7:92); there a span is correct, or missed or spurious.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .spans import DOC, END, LABEL, START, Aligned, pair_equal
from .tallies import tally

MEASURES = ("strict", "exact", "partial", "type", "left", "right")
HALF = 0.5


@dataclass(frozen=True)
class Outcome:
    """What a measure makes of the spans.

    Args:
        pairs: Rows of gold and predicted spans that go together, (pairs, 2).
        credit: 1 for a correct pair, 0.5 for a partial one, 0 for an incorrect one.
    """

    pairs: np.ndarray
    credit: np.ndarray

    def counts(self, aligned: Aligned) -> dict[str, int]:
        """The numbers of spans by category, and ``possible`` and ``actual``."""
        possible, actual = len(aligned.gold), len(aligned.predicted)
        return {
            "correct": int((self.credit == 1).sum()),
            "incorrect": int((self.credit == 0).sum()),
            "partial": int((self.credit == HALF).sum()),
            "missed": possible - len(self.pairs),
            "spurious": actual - len(self.pairs),
            "possible": possible,
            "actual": actual,
        }


def outcomes(aligned: Aligned) -> dict[str, Outcome]:
    """Judges the spans by every measure in ``MEASURES``."""
    gold = aligned.gold[aligned.pairs[:, 0]]
    predicted = aligned.predicted[aligned.pairs[:, 1]]
    placed = (gold[:, [START, END]] == predicted[:, [START, END]]).all(axis=1)
    typed = gold[:, LABEL] == predicted[:, LABEL]
    credits = {
        "strict": placed & typed,
        "exact": placed,
        "partial": np.where(placed, 1.0, HALF),
        "type": typed,
    }
    result = {name: Outcome(aligned.pairs, c.astype(float)) for name, c in credits.items()}
    for name, side in (("left", START), ("right", END)):
        pairs = pair_equal(aligned, (DOC, side, LABEL))
        result[name] = Outcome(pairs, np.ones(len(pairs)))
    return result


def tally_labels(aligned: Aligned, outcome: Outcome) -> np.ndarray:
    """Tallies by document and label, (documents, labels, 4).

    Gold spans count for their own label and predicted ones for theirs, also where a measure
    gives credit to a pair of two labels.
    """
    groups = aligned.gold[:, LABEL], aligned.predicted[:, LABEL]
    return tally(aligned, outcome.pairs, outcome.credit, groups, len(aligned.labels))
