"""A WordPiece vocabulary made from texts, the same bytes for the same texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import ElectraTokenizerFast

from .normalise import csebuetnlp_rules

SPECIAL_PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CONTINUED = "##"
# Rarer characters than the thousand most frequent become the unknown piece.
_MAX_CHARACTERS = 1000


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> ElectraTokenizerFast:
    """Trains a cased WordPiece tokenizer that normalises as csebuetnlp/normalizer does.

    Args:
        texts: Raw texts.
        vocab_size: Number of wordpieces, special ones included.

    Returns:
        A fast tokenizer without a length limit.
    """
    backend = _empty_backend({})
    words: Counter[str] = Counter()
    for text in texts:
        normalised = backend.normalizer.normalize_str(text)
        words.update(word for word, _ in backend.pre_tokenizer.pre_tokenize_str(normalised))
    pieces = _train_pieces(words, vocab_size)
    backend = _empty_backend({piece: number for number, piece in enumerate(pieces)})
    return ElectraTokenizerFast(
        tokenizer_object=backend,
        do_lower_case=False,
        strip_accents=False,
        tokenize_chinese_chars=True,
    )


def _train_pieces(words: Counter[str], vocab_size: int) -> list[str]:
    """Trains the vocabulary on counted words.

    The trainer numbers continued characters (``##x``) in the order of a hash map and breaks ties
    between merges by these numbers, so that two runs differ (huggingface/tokenizers #1794). Put
    first in the vocabulary as special pieces, they have fixed numbers.
    """
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            counts[character] += count
    frequent = sorted(counts, key=lambda character: (-counts[character], character))
    characters = sorted(frequent[:_MAX_CHARACTERS])
    continued = [CONTINUED + character for character in characters]
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size,
        special_tokens=[*SPECIAL_PIECES, *characters, *continued],
        initial_alphabet=characters,
        limit_alphabet=len(characters),
        continuing_subword_prefix=CONTINUED,
        show_progress=False,
    )
    # Words are told apart by a character that no word holds: they come split already.
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.train_from_iterator(
        (" ".join([word] * count) for word, count in sorted(words.items())), trainer
    )
    vocabulary = tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.__getitem__)


def _empty_backend(vocabulary: dict[str, int]) -> Tokenizer:
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    own = normalizers.BertNormalizer(strip_accents=False, lowercase=False)
    backend.normalizer = normalizers.Sequence([*csebuetnlp_rules(), own])
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece(prefix=CONTINUED)
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return backend
