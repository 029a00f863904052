"""How sure a pipeline is of each entity.

That of a ner is the probability of the actions that built the entity, that of a span categorizer
its score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.special import log_softmax
from spacy.language import Language
from spacy.pipeline import EntityRecognizer
from spacy.tokens import Doc
from spacy.util import minibatch

from ..annotations.schemes import TokenSpan, encode
from ..common.errors import UserError
from ..pipelines.calibrations import read_calibration, unreadable
from ..scoring.calibration import RAW, Calibration
from .resolve import longest_first, set_entities, span_categorizer

# Documents whose actions are scored together.
BATCH = 128


def predict_with_confidence(
    nlp: Language, texts: Iterable[str]
) -> Iterator[tuple[Doc, tuple[float, ...]]]:
    """Predicts texts as ``nlp.pipe`` does, with a raw confidence for each entity.

    Args:
        nlp: A pipeline with a transition-based ``ner``, after any tok2vec or transformer, or with
            a span categorizer in its place.
        texts: Texts.

    Yields:
        Each text's Doc, in order, and the confidence of each of its ``ents``. An entity that
        another component set after ner is one that ner gives no probability: 0.

    Raises:
        UserError: The ``ner`` is not spaCy's transition-based one.
    """
    component = span_categorizer(nlp)
    if component is not None:
        for doc in nlp.pipe(texts):
            yield doc, set_entities(doc, component.key, longest=longest_first(nlp))
        return
    ner = nlp.get_pipe("ner")
    if not isinstance(ner, EntityRecognizer):
        raise UserError(
            f"The pipeline's ner gives no confidence: it is a {type(ner).__name__}",
            todo="Confidence is read from spaCy's EntityRecognizer; predict without it.",
        )
    names = nlp.pipe_names
    after = names.index("ner") + 1
    # ner sets the entities itself; what its model reads is still on the Docs until the components
    # after it have run: doc_cleaner takes it away.
    docs = nlp.pipe(texts, disable=names[after:])
    scored = nlp.pipe(_score(ner, docs), disable=names[:after], as_tuples=True)
    for doc, known in scored:
        yield doc, tuple(known.get((e.start, e.end, e.label_), 0.0) for e in doc.ents)


def raw_confidence(nlp: Language) -> str:
    """What the confidence of an entity is, before it is calibrated, in words."""
    component = span_categorizer(nlp)
    if component is None:
        return "the product of the softmax values of the actions by which `ner` built it"
    return f"the score that `{component.name}` gave to its span and label"


def _score(
    ner: EntityRecognizer, docs: Iterable[Doc]
) -> Iterator[tuple[Doc, dict[TokenSpan, float]]]:
    for batch in minibatch(docs, BATCH):
        yield from zip(batch, entity_probabilities(ner, batch), strict=True)


def entity_probabilities(
    ner: EntityRecognizer, docs: Sequence[Doc]
) -> list[dict[TokenSpan, float]]:
    """The probability of each entity that ner set: that of its actions, given those before it.

    It is the product of the softmax values of the entity's actions (B, I …, L, or U) in the
    states in which they were taken. The softmax runs over all actions, as in the log loss that
    ner is trained with, which also teaches it that invalid actions are unlikely
    (``cpu_log_loss`` in spacy/ml/parser_model.pyx). Sums over a beam's parses are no alternative
    for a model trained greedily: the beam adds up scores that training has made comparable only
    within a state, and its best parse is often not the one that greedy decoding takes.

    Args:
        ner: The component.
        docs: Docs with its entities, and with what its model reads (``tensor``, ``trf_data``).

    Returns:
        For each Doc, (first token, token after the last, label) to probability.
    """
    index = {ner.moves.get_class_name(i): i for i in range(ner.moves.n_moves)}
    ents = [[(e.start, e.end, e.label_) for e in doc.ents] for doc in docs]
    actions = [
        [index[name] for name in encode(spans, len(doc), "BILOU")]
        for spans, doc in zip(ents, docs, strict=True)
    ]
    logs = _log_probabilities(ner, docs, actions)
    return [
        {span: float(np.exp(log[span[0] : span[1]].sum())) for span in spans}
        for spans, log in zip(ents, logs, strict=True)
    ]


def _log_probabilities(
    ner: EntityRecognizer, docs: Sequence[Doc], actions: Sequence[Sequence[int]]
) -> list[np.ndarray]:
    """The log probability of each Doc's actions, one a token, along the path that they make."""
    logs = [np.zeros(len(doc)) for doc in docs]
    if not any(len(doc) for doc in docs):
        return logs
    states = ner.moves.init_batch(docs)
    model = ner.model.predict(docs)
    for token in range(max(len(doc) for doc in docs)):
        alive = [i for i, doc in enumerate(docs) if len(doc) > token]
        taken = [actions[i][token] for i in alive]
        rows = np.arange(len(alive))
        scores = np.asarray(model.predict([states[i] for i in alive]), dtype=np.float64)
        for i, log in zip(alive, log_softmax(scores, axis=1)[rows, taken], strict=True):
            logs[i][token] = log
        # The best valid action is taken: make that the one that the entities tell of.
        forced = np.zeros(scores.shape, dtype=np.float32)
        forced[rows, taken] = 1
        ner.transition_states([states[i] for i in alive], forced)
    model.clear_memory()
    return logs


def find_calibration(path: Path, model: Path) -> tuple[Calibration, str]:
    """The calibration of a model, where there is one.

    Args:
        path: The ``calibration.json`` that ``calibrate`` writes; it need not exist.
        model: The trained pipeline.

    Returns:
        The calibration, ``RAW`` where none belongs to the model, and what it is in words.

    Raises:
        UserError: The file is not what ``calibrate`` writes.
    """
    if not path.is_file():
        return RAW, f"raw, not calibrated: there is no {path}"
    content, belongs = read_calibration(path, model)
    try:
        calibration = Calibration.from_json(content["method"], content["map"])
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None
    if not belongs:
        return RAW, f"raw, not calibrated: {path} was made for another model"
    if calibration.method == "none":
        return RAW, f"raw, not calibrated: {content['reason']} ({path})"
    return calibration, f"calibrated on {content['fitted_on']} by {path} ({calibration.method})"
