"""How well a pipeline can explain the annotation of texts it was not trained on, token by token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.records import Span
from ..annotations.schemes import decode, encode
from .suspects import Suspect
from .texts import TrainingText

BATCH = 64
OUTSIDE = "O"
# Choice of the action to take: (number of the walk, token, probability by action) to its name.
Choose = Callable[[int, int, dict[str, float]], str]


@dataclass(frozen=True)
class _Doubt:
    """A token at which the pipelines would not say what the gold says, and how sure they are."""

    row: int
    token: int
    gold: Span | None
    doubt: float


def judge(
    pipelines: Sequence[Language], texts: Sequence[TrainingText], *, least: float
) -> list[Suspect]:
    """Suspects in texts that the pipelines were not trained on.

    The transition-based ``ner`` gives a probability for each action, given the text and the
    actions before; on the way of the gold annotation these are the out-of-sample probabilities
    of the gold tags. Their complement is the doubt, self-confidence being the label quality, and
    the worst token stands for its span (Wang and Mueller 2022, Detecting Label Errors in Token
    Classification Data, "self-confidence" and "min"). The suggestion is what the pipelines say
    when at this token the best other action is taken and then always the best one.

    Args:
        pipelines: Pipelines with ``ner``; probabilities of several are averaged.
        texts: The texts.
        least: Doubt below which a token is passed over, 0 to 1.
    """
    found = []
    for first in range(0, len(texts), BATCH):
        found += _judge(pipelines, texts[first : first + BATCH], least)
    return found


def _judge(
    pipelines: Sequence[Language], texts: Sequence[TrainingText], least: float
) -> list[Suspect]:
    walker = _Walker(pipelines, [text.text for text in texts])
    rows = [walker.docs[row] for row in range(len(texts))]
    tags = [_gold_tags(doc, text) for doc, text in zip(rows, texts, strict=True)]
    probabilities: list[list[float]] = [[] for _ in texts]

    def follow(row: int, token: int, actions: dict[str, float]) -> str:
        probabilities[row].append(actions.get(tags[row][token], 0.0))
        return tags[row][token]

    walker.walk(range(len(texts)), follow)
    doubts = [
        doubt
        for row, (doc, text) in enumerate(zip(rows, texts, strict=True))
        for doubt in _doubts(row, doc, text, tags[row], probabilities[row])
        if doubt.doubt >= least
    ]

    def turn_off(number: int, token: int, actions: dict[str, float]) -> str:
        doubt = doubts[number]
        gold = tags[doubt.row][token]
        if token < doubt.token:
            return gold
        allowed = {a: p for a, p in actions.items() if a != gold} if token == doubt.token else {}
        return _best(allowed or actions)

    ways = walker.walk([doubt.row for doubt in doubts], turn_off)
    return _suspects(doubts, ways, rows, texts)


def _gold_tags(doc: Doc, text: TrainingText) -> list[str]:
    spans = [doc.char_span(ent.start, ent.end, label=ent.label) for ent in text.ents]
    return encode(((s.start, s.end, s.label_) for s in spans), len(doc), "BILOU")


def _doubts(
    row: int, doc: Doc, text: TrainingText, tags: Sequence[str], probabilities: Sequence[float]
) -> list[_Doubt]:
    """One doubt for each span, at its worst token, and one for each token outside."""
    doubts = []
    for ent in text.ents:
        span = doc.char_span(ent.start, ent.end)
        worst = min(range(span.start, span.end), key=lambda i: probabilities[i])
        doubts.append(_Doubt(row, worst, ent, 1 - probabilities[worst]))
    for token in doc:
        if tags[token.i] == OUTSIDE and not _touches(text.missing, token.idx, len(token)):
            doubts.append(_Doubt(row, token.i, None, 1 - probabilities[token.i]))
    return doubts


def _suspects(
    doubts: Sequence[_Doubt],
    ways: Sequence[list[str]],
    rows: Sequence[Doc],
    texts: Sequence[TrainingText],
) -> list[Suspect]:
    found = []
    for doubt, way in zip(doubts, ways, strict=True):
        doc, text = rows[doubt.row], texts[doubt.row]
        ents = [Span(doc[a].idx, doc[b - 1].idx + len(doc[b - 1]), label)
                for a, b, label in decode(way, "BILOU").spans]  # fmt: skip
        here = doubt.gold or Span(doc[doubt.token].idx, doc[doubt.token].idx + 1, "")
        best = max(ents, key=lambda ent: _overlap(ent, here), default=None)
        suggestion = best if best is not None and _overlap(best, here) > 0 else None
        unclear = suggestion == doubt.gold or (
            suggestion is not None
            and _touches(text.missing, suggestion.start, suggestion.end - suggestion.start)
        )
        if doubt.gold is None and suggestion is not None:
            # A word before a gold span that only the gold span makes likely is its boundary.
            touched = [ent for ent in text.ents if _overlap(ent, suggestion) > 0]
            if touched:
                continue
        if not unclear:
            words = "The pipeline, not trained on this text, gives the annotation"
            reason = f"{words} a probability of {1 - doubt.doubt:.2f} at {doc[doubt.token].text!r}"
            found.append(Suspect(text, doubt.gold, suggestion, doubt.doubt,
                                 {"model": doubt.doubt}, (reason,)))  # fmt: skip
    return found


def _overlap(first: Span, second: Span) -> int:
    return min(first.end, second.end) - max(first.start, second.start)


def _touches(ranges: Sequence[tuple[int, int]], start: int, length: int) -> bool:
    return any(a < start + length and start < b for a, b in ranges)


def _best(actions: dict[str, float]) -> str:
    return max(sorted(actions), key=lambda action: actions[action])


class _Walker:
    """Walks texts through the transition systems of several pipelines at once."""

    def __init__(self, pipelines: Sequence[Language], texts: Sequence[str]) -> None:
        self.parts = []
        for nlp in pipelines:
            before = nlp.pipe_names[: nlp.pipe_names.index("ner")]
            # Later components may throw away what the ner listens to.
            with nlp.select_pipes(enable=before):
                docs = list(nlp.pipe(texts))
            self.parts.append((nlp.get_pipe("ner"), docs))

    @property
    def docs(self) -> list[Doc]:
        """The texts' Docs; all pipelines have the same tokenizer."""
        return self.parts[0][1]

    def walk(self, rows: Sequence[int], choose: Choose) -> list[list[str]]:
        """Takes each of the texts named by ``rows`` from its first token to its last.

        Args:
            rows: Number of the text of each walk.
            choose: Says which action to take; one of O, or BILOU letter and label.

        Returns:
            The actions taken on each walk, one a token.
        """
        ways: list[list[str]] = [[] for _ in rows]
        if not rows:
            return ways
        steps = [_Stepper(ner, [docs[row] for row in rows]) for ner, docs in self.parts]
        lengths = [len(self.docs[row]) for row in rows]
        for token in range(max(lengths)):
            active = [number for number, length in enumerate(lengths) if token < length]
            scored = [step.probabilities(active) for step in steps]
            for position, number in enumerate(active):
                actions: dict[str, float] = {}
                for one in scored:
                    for action, p in one[position].items():
                        actions[action] = actions.get(action, 0.0) + p / len(steps)
                action = choose(number, token, actions)
                ways[number].append(action)
                for step in steps:
                    step.take(number, action)
        return ways


class _Stepper:
    """The states of one ``ner`` over some Docs."""

    def __init__(self, ner: Any, docs: Sequence[Doc]) -> None:
        self.moves = ner.moves
        self.names = [self.moves.get_class_name(i) for i in range(self.moves.n_moves)]
        # "U-", without a label, is spaCy's action for a span known to be none.
        self.usable = np.array([name == OUTSIDE or len(name) > 2 for name in self.names])
        self.states = self.moves.init_batch(docs)
        self.model = ner.model.predict(docs)

    def probabilities(self, active: Sequence[int]) -> list[dict[str, float]]:
        """The softmax over the valid actions, as in training, for each of these states."""
        scores = self.model.predict([self.states[number] for number in active])
        scores = _on_cpu(scores)
        result = []
        for number, row in zip(active, scores, strict=True):
            state = self.states[number]
            valid = [i for i, name in enumerate(self.names)
                     if self.usable[i] and self.moves.is_valid(state, name)]  # fmt: skip
            raised = np.exp(row[valid] - row[valid].max())
            shares = (raised / raised.sum()).tolist()
            result.append({self.names[i]: p for i, p in zip(valid, shares, strict=True)})
        return result

    def take(self, number: int, action: str) -> None:
        """Takes an action; one with a label unknown to this ``ner`` counts as none."""
        name = action if action in self.names else OUTSIDE
        self.moves.apply_transition(self.states[number], name)


def _on_cpu(scores: Any) -> np.ndarray:
    """The scores as NumPy has them, wherever they were computed."""
    return scores.get() if hasattr(scores, "get") else np.asarray(scores)
