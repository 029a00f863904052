"""Tokens that a transformer does not see, because its tokenizer cuts long spans off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

# Under this key of a Doc's user_data until it has been read.
KEY = "unseen_tokens"


def watch_encoder(nlp: Language) -> None:
    """Lets a pipeline's transformer note on each Doc how many of its tokens it did not see.

    Where a span has more wordpieces than ``model_max_length``, spacy-transformers cuts off the end
    and gives the tokens there vectors of zeros, without a word. Its ``set_extra_annotations`` hook
    is called while what it saw is still there, before ``doc_cleaner``; a hook that is set already
    is kept and called first. A pipeline without a transformer is left as it is.
    """
    for _, pipe in nlp.pipeline:
        before = getattr(pipe, "set_extra_annotations", None)
        if before is None or isinstance(before, _Watch):
            continue
        limit = _limit(pipe)
        if limit is not None:
            pipe.set_extra_annotations = _Watch(before, limit)


def unseen_tokens(doc: Doc) -> int:
    """How many tokens of a Doc a watched transformer did not see."""
    return doc.user_data.get(KEY, 0)


class _Watch:
    """Counts, in Docs with a span that fills the encoder, the tokens without any wordpiece.

    A sign that the tokenizer drops has no wordpiece either: in such Docs, and only there, the
    count can be too high.
    """

    def __init__(self, before: Any, limit: int) -> None:
        self.before, self.limit = before, limit

    def __call__(self, docs: Sequence[Doc], batch: Any) -> None:
        self.before(docs, batch)
        for doc in docs:
            data = doc._.trf_data
            # Not ``wordpieces.lengths``: it counts the padding of tokenizers that have no [PAD].
            sizes = _on_cpu(data.wordpieces.attention_mask).sum(axis=-1)
            if not sizes.size or sizes.max() < self.limit:
                continue
            seen = _on_cpu(data.align.lengths) > 0
            count = sum(not (seen[token.i] or token.is_space) for token in doc)
            if count:
                doc.user_data[KEY] = count


def _on_cpu(array: Any) -> np.ndarray:
    return np.asarray(array.get() if hasattr(array, "get") else array)


def _limit(pipe: Any) -> int | None:
    """The most wordpieces of a span that a transformer takes; None for other components."""
    tokenizer = getattr(getattr(pipe, "model", None), "tokenizer", None)
    limit = getattr(tokenizer, "model_max_length", None)
    return limit if isinstance(limit, int) else None
