"""A tiny transformer pipeline, and a corpus for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
import torch
from spacy.tokens import DocBin
from spacy.util import load_config
from transformers import BertConfig, BertModel, BertTokenizerFast

from scripts.encoders.report import EncoderReport, write_report

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ("রহিম ঢাকা যাবে", "সালমা খুলনা থেকে এলেন", "করিম পাবনা গেলেন", "বেগম রোকেয়া রংপুর ছিলেন")
# One layer norm's weight, its bias and two matrices are enough; dropout would hide differences.
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 32, "max_position_embeddings": 64,
         "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # fmt: skip


@pytest.fixture(scope="session")
def encoder(tmp_path_factory) -> Path:
    """A random two-layer BERT over the letters of the texts, as the encoder command leaves one."""
    folder = tmp_path_factory.mktemp("encoder")
    letters = sorted({letter for text in TEXTS for letter in text if letter != " "})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    vocabulary += [f"##{letter}" for letter in letters]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf8")
    tokenizer = BertTokenizerFast(
        str(folder / "vocab.txt"), do_lower_case=False, strip_accents=False
    )
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(BertConfig(vocab_size=len(tokenizer), **SIZES)).save_pretrained(folder)
    write_report(
        EncoderReport("tiny", "tiny", "directory", model_max_length=64, window=16, stride=12),
        folder,
    )
    return folder


@pytest.fixture(scope="session")
def docs(nlp):
    """Annotated Docs: the first word a PER, the second a LOC."""
    docs = []
    for text in TEXTS:
        doc = nlp.make_doc(text)
        doc.ents = [
            spacy.tokens.Span(doc, 0, 1, label="PER"), spacy.tokens.Span(doc, 1, 2, label="LOC")
        ]  # fmt: skip
        docs.append(doc)
    return docs


@pytest.fixture(scope="session")
def corpus(tmp_path_factory, nlp, docs) -> Path:
    """A corpus directory of those Docs, as convert leaves one."""
    folder = tmp_path_factory.mktemp("corpus")
    for split in ("train", "dev"):
        DocBin(docs=docs).to_disk(folder / f"{split}.spacy")
    (folder / "audit.json").write_text("{}", encoding="utf8")
    nlp.to_disk(folder / "tokenizer")
    return folder


@pytest.fixture
def settings(encoder, corpus):
    """Overrides that make configs/ner.cfg train on that corpus with that encoder."""
    model = "components.transformer.model"
    return {
        "paths.train": str(corpus / "train.spacy"), "paths.dev": str(corpus / "dev.spacy"),
        "paths.tokenizer": str(corpus / "tokenizer"), f"{model}.name": str(encoder),
        f"{model}.tokenizer_config.model_max_length": 64, f"{model}.get_spans.window": 16,
        f"{model}.get_spans.stride": 12, "training.logger.output_file": None,
        "training.dropout": 0.0, "training.max_steps": 5, "training.eval_frequency": 5,
    }  # fmt: skip


@pytest.fixture
def base():
    """configs/ner.cfg, its variables left as they are."""
    return load_config(ROOT / "configs" / "ner.cfg", interpolate=False)
