"""The same words marked in one place and left, or labelled otherwise, in another."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from spacy.language import Language

from ..annotations.contexts import ContextCounts, free_occurrences, neighbours
from ..annotations.edges import TokenEdges
from ..annotations.records import Record, Span
from ..corpora.tokenizer import token_edges
from .suspects import Suspect
from .texts import TrainingText

UNMARKED = "unmarked"
# A surface must stand this often before its minority says anything.
LEAST = 3
# 95 %: the quantile of Wilson's interval.
Z = 1.96
# Neighbours may move the odds by this factor at most, either way: two tokens are thin evidence.
CONTEXT_FACTOR = 4.0


@dataclass(frozen=True)
class Occurrence:
    """Where a surface stands: the text, the place in code points, its label or UNMARKED."""

    text: TrainingText
    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Surface:
    """A string that is not annotated alike wherever it stands.

    Args:
        words: The string.
        occurrences: Every one of them on token edges that no longer span covers.
    """

    words: str
    occurrences: tuple[Occurrence, ...]

    @property
    def counts(self) -> Counter[str]:
        """How often it has each label, UNMARKED included."""
        return Counter(occurrence.label for occurrence in self.occurrences)

    @property
    def majority(self) -> str:
        """The most frequent label, UNMARKED included; of equal ones the first by name."""
        counts = self.counts
        return min(counts, key=lambda label: (-counts[label], label))

    @property
    def one_sidedness(self) -> float:
        """How surely most occurrences belong to the majority, 0 to 1 (see ``lower_bound``)."""
        return lower_bound(self.counts[self.majority], len(self.occurrences))

    @property
    def entropy(self) -> float:
        """Shannon entropy of the labels in bits: 0 where all are alike."""
        total = len(self.occurrences)
        return -sum(n / total * math.log2(n / total) for n in self.counts.values())


def lower_bound(hits: int, total: int) -> float:
    """Lower end of Wilson's 95 % interval of a binomial share (Wilson 1927).

    9 of 10 come to 0.60, 90 of 100 to 0.83: the same share, but more is known.
    """
    share = hits / total
    spread = Z * math.sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    return (share + Z * Z / (2 * total) - spread) / (1 + Z * Z / total)


def find_surfaces(texts: Sequence[TrainingText], nlp: Language) -> list[Surface]:
    """The surfaces of spans that are not annotated alike everywhere, most one-sided first.

    Args:
        texts: The training texts.
        nlp: Tokenizer by which they were audited: an occurrence begins and ends with a token.
    """
    surfaces = {text.text[ent.start : ent.end] for text in texts for ent in text.ents}
    opening = defaultdict(list)
    for words in sorted(surfaces):
        opening[nlp.make_doc(words)[0].text].append(words)
    found: dict[str, list[Occurrence]] = defaultdict(list)
    for text in texts:
        doc = nlp.make_doc(text.text)
        edges = token_edges(doc)
        taken = [(ent.start, ent.end) for ent in text.ents]
        for ent in text.ents:
            words = text.text[ent.start : ent.end]
            found[words].append(Occurrence(text, ent.start, ent.end, ent.label))
        here = sorted({words for token in doc for words in opening.get(token.text, ())})
        for words in here:
            places = free_occurrences(text.text, words, edges, [*taken, *text.missing])
            found[words] += [Occurrence(text, *place, UNMARKED) for place in places]
    result = [
        Surface(words, tuple(occurrences))
        for words, occurrences in sorted(found.items())
        if len({occurrence.label for occurrence in occurrences}) > 1
    ]
    return sorted(result, key=lambda s: (-s.one_sidedness, s.words))


def surface_suspects(
    surfaces: Sequence[Surface], texts: Sequence[TrainingText], nlp: Language
) -> list[Suspect]:
    """The occurrences of each surface that are annotated unlike most of the others.

    The confidence is the one-sidedness, its odds moved by how much better the neighbouring
    tokens fit the majority's label than the occurrence's own (naive Bayes, bounded).
    """
    contexts = ContextCounts()
    edges: dict[str, TokenEdges] = {}
    for text in texts:
        edges[text.source] = token_edges(nlp.make_doc(text.text))
        contexts.add(_trained(text), edges[text.source])
    found = []
    for surface in surfaces:
        if len(surface.occurrences) < LEAST:
            continue
        counts, majority = surface.counts, surface.majority
        shown = ", ".join(f"{n} × {label}" for label, n in counts.most_common())
        for own in surface.occurrences:
            if own.label == majority or counts[own.label] == counts[majority]:
                continue
            ratio = _ratio(own, majority, contexts, edges[own.text.source])
            odds = surface.one_sidedness / (1 - surface.one_sidedness) * ratio
            gold = None if own.label == UNMARKED else Span(own.start, own.end, own.label)
            wanted = None if majority == UNMARKED else Span(own.start, own.end, majority)
            confidence = odds / (1 + odds)
            reason = f"{surface.words!r} is annotated unlike elsewhere: {shown}"
            found.append(
                Suspect(own.text, gold, wanted, confidence, {"surface": confidence}, (reason,))
            )
    return found


def _trained(text: TrainingText) -> Record:
    return replace(text.record, spans=text.ents)


def _ratio(own: Occurrence, majority: str, contexts: ContextCounts, edges: TokenEdges) -> float:
    around = neighbours(own.text.text, own.start, own.end, edges)
    # UNMARKED words stand anywhere, which is what the scores compare with: 0.
    scores = [0.0 if label == UNMARKED else contexts.score(label, *around)
              for label in (majority, own.label)]  # fmt: skip
    most = math.log(CONTEXT_FACTOR)
    return math.exp(max(-most, min(most, scores[0] - scores[1])))
