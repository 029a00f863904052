"""Makers of tiny encoders and corpora that the tests of this folder share."""

from __future__ import annotations

from pathlib import Path

import spacy
import torch
from spacy.tokens import DocBin
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertTokenizerFast, ElectraConfig, ElectraModel, ElectraTokenizerFast

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIGNS = [chr(code) for code in range(0x0980, 0x0A00) if chr(code).isprintable()]
CHARACTERS = [*"abcdefghijklmnopqrstuvwxyzABCXYZ0123456789.,'\"-()", *SIGNS, "\u0964"]
TEXTS = [
    "ঢাকায় রহিম ও করিম বাংলাদেশ ব্যাংকে কাজ করেন।",
    "কুমিল্লার মেয়র সোমবার চট্টগ্রামে গিয়েছেন।",
    "রবীন্দ্রনাথ ঠাকুর শান্তিনিকেতনে থাকতেন।",
    "১৯৭১ সালে বাংলাদেশ স্বাধীন হয়।",
]


def make_tokenizer(
    words: list[str] | None = None, *, characters: list[str] = CHARACTERS, **settings: object
) -> ElectraTokenizerFast:
    """A WordPiece tokenizer that knows single characters and some words."""
    pieces = [*SPECIAL, *characters, *("##" + c for c in characters), *(words or [])]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    lower = bool(settings.get("do_lower_case", False))
    backend.normalizer = normalizers.BertNormalizer(lowercase=lower)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    kind = ElectraTokenizerFast if settings.pop("electra", True) else BertTokenizerFast
    return kind(tokenizer_object=backend, **{"do_lower_case": False, **settings})


def make_encoder(
    path: Path, tokenizer: ElectraTokenizerFast | None = None, *, positions: int = 512
) -> Path:
    """Saves a two-layer ELECTRA with a tokenizer into a directory."""
    tokenizer = tokenizer or make_tokenizer()
    config = ElectraConfig(
        vocab_size=len(tokenizer),
        embedding_size=32,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=positions,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        ElectraModel(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def make_corpus(path: Path, texts: list[str] = TEXTS) -> Path:
    """Saves texts as corpus/train.spacy, beside their blank pipeline."""
    path.mkdir(parents=True, exist_ok=True)
    nlp = spacy.blank("bn")
    nlp.to_disk(path / "tokenizer")
    DocBin(docs=nlp.pipe(texts)).to_disk(path / "train.spacy")
    return path
