"""What a tokenizer makes of the corpus: wordpieces per token, unknown pieces, the window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy
from spacy.language import Language
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast

from ..common.errors import UserError
from .report import PieceCounts

# More than 128 tokens cost memory and padding and give NER little; fewer than 32 cost context.
MAX_WINDOW = 128
MIN_WINDOW = 32
_STEP = 8
_QUANTILE = 0.999
# A window's first and last word may be split otherwise than in the running text.
_EDGE_PIECES = 2
_BATCH = 256


@dataclass(frozen=True)
class Measurement:
    """A tokenizer measured on docs; the fields are those of ``EncoderReport``.

    ``more_docs`` says that the corpus has more docs than were measured.
    """

    docs: int
    more_docs: bool
    pieces: PieceCounts
    unknown_rate: float
    window: int
    stride: int
    docs_longer_than_window: int
    truncated_tokens: int


def measure(
    texts: Iterable[str], nlp: Language, tokenizer: PreTrainedTokenizerFast, *, max_docs: int
) -> Measurement:
    """Measures a fast tokenizer on the first texts of a corpus.

    Args:
        texts: Training texts.
        nlp: Pipeline whose tokenizer makes the spaCy tokens.
        tokenizer: Encoder's tokenizer, with ``model_max_length`` set, in wordpieces.
        max_docs: Number of texts to measure at most.

    Raises:
        UserError: There are no texts, or none with a wordpiece.
    """
    remaining = iter(texts)
    counts: list[numpy.ndarray] = []
    unknown = total = 0
    measured = tqdm(islice(remaining, max_docs), desc="measure", unit="doc", disable=None)
    for batch in _batches(measured):
        for doc_counts, doc_unknown, doc_total in _count_pieces(batch, nlp, tokenizer):
            counts.append(doc_counts)
            unknown += doc_unknown
            total += doc_total
    if not total:
        raise UserError("There are no training texts to measure the encoder on")
    capacity = tokenizer.model_max_length - tokenizer.num_special_tokens_to_add()
    window = choose_window(numpy.concatenate(counts).clip(min=0), capacity)
    stride = max(1, window * 3 // 4)
    return Measurement(
        docs=len(counts),
        more_docs=next(remaining, None) is not None,
        pieces=_summarise(numpy.concatenate(counts)),
        unknown_rate=unknown / total,
        window=window,
        stride=stride,
        docs_longer_than_window=sum(len(doc) > window for doc in counts),
        truncated_tokens=sum(
            count_truncated(doc.clip(min=0), window, stride, capacity) for doc in counts
        ),
    )


def choose_window(counts: numpy.ndarray, capacity: int) -> int:
    """Chooses the window for ``spacy-transformers.strided_spans.v1``.

    It is the largest multiple of 8 up to 128 of which no window anywhere has more wordpieces
    than fit. If that is fewer than 32 tokens, a few monster tokens (long links and the like) are
    to blame, and it is the largest of which 99.9 % of the windows fit; what is then cut off is
    counted by ``count_truncated``.

    Args:
        counts: Wordpieces of each token of all docs, one doc behind the other: so a corpus of
            short docs, too, says what a long one will need.
        capacity: Wordpieces that fit into the encoder beside the special ones.

    Returns:
        The window in spaCy tokens, at least 8.
    """
    if len(counts) < MAX_WINDOW:
        counts = numpy.resize(counts, MAX_WINDOW)  # repeats them
    sums = numpy.concatenate(([0], numpy.cumsum(counts)))
    for quantile, smallest in ((1.0, MIN_WINDOW), (_QUANTILE, _STEP)):
        for window in range(MAX_WINDOW, smallest - 1, -_STEP):
            pieces = sums[window:] - sums[:-window]
            if numpy.quantile(pieces, quantile, method="inverted_cdf") <= capacity - _EDGE_PIECES:
                return window
    return _STEP


def count_truncated(counts: numpy.ndarray, window: int, stride: int, capacity: int) -> int:
    """Counts the tokens of a doc that lose wordpieces in every window that holds them.

    spacy-transformers cuts wordpieces past ``model_max_length`` from the end of a window
    (``truncate_oversize_splits``) and says nothing.

    Args:
        counts: Wordpieces of each token of the doc.
        window: Window in tokens.
        stride: Stride in tokens.
        capacity: Wordpieces that fit into the encoder beside the special ones.
    """
    if counts.sum() <= capacity:
        return 0
    sums = numpy.concatenate(([0], numpy.cumsum(counts)))
    whole = counts == 0
    for start in range(0, len(counts), stride):
        end = min(start + window, len(counts))
        whole[start:end] |= sums[start + 1 : end + 1] - sums[start] <= capacity
        if end == len(counts):
            break
    return int((~whole).sum())


def _count_pieces(
    texts: list[str], nlp: Language, tokenizer: PreTrainedTokenizerFast
) -> Iterator[tuple[numpy.ndarray, int, int]]:
    """Yields for each text its wordpieces per token, and its unknown and all wordpieces.

    A wordpiece belongs to the token in which it starts. White-space tokens are marked with -1.
    """
    encoded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    for text, ids, offsets in zip(
        texts, encoded["input_ids"], encoded["offset_mapping"], strict=True
    ):
        doc = nlp.make_doc(text)
        counts = numpy.zeros(len(doc), dtype="int64")
        if len(doc) and len(offsets):
            starts = numpy.array([token.idx for token in doc])
            owners = numpy.searchsorted(starts, numpy.array(offsets)[:, 0], side="right") - 1
            counts += numpy.bincount(owners.clip(min=0), minlength=len(doc))
        blank = numpy.array([token.is_space for token in doc], dtype=bool)
        counts[blank & (counts == 0)] = -1
        yield counts, sum(piece == tokenizer.unk_token_id for piece in ids), len(ids)


def _summarise(counts: numpy.ndarray) -> PieceCounts:
    counts = counts[counts >= 0]
    p95, p99 = numpy.quantile(counts, [0.95, 0.99], method="inverted_cdf")
    mean = round(float(counts.mean()), 3)
    return PieceCounts(mean=mean, p95=int(p95), p99=int(p99), max=int(counts.max()))


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    texts = iter(texts)
    while batch := list(islice(texts, _BATCH)):
        yield batch
