"""A small Bangla training file, and pipelines that stand in for trained ones."""

from __future__ import annotations

import pytest
from spacy.training import Example

from scripts.annotations.faults import default_policies
from scripts.annotations.formats.base import ReadOptions
from scripts.corpora.tokenizer import build_tokenizer
from scripts.quality.texts import read_training_set

OPTIONS = ReadOptions(lang="bn", format="span-jsonl", offset_unit="codepoint")
PEOPLE = ["রহিম", "করিম", "সালমা", "জব্বার", "আমিনা", "বরকত"]
PLACES = ["ঢাকায়", "খুলনায়", "যশোরে", "সিলেটে"]
VERBS = ["থাকেন", "কাজ করেন", "গেলেন", "পড়েন", "ফিরলেন"]


def sentence(person: str, place: str, verb: str) -> dict:
    text = f"{person} {place} {verb}"
    end = len(person) + 1 + len(place)
    return {"text": text, "label": [[0, len(person), "PER"], [len(person) + 1, end, "LOC"]]}


@pytest.fixture
def sentences() -> list[dict]:
    return [sentence(a, b, c) for a in PEOPLE for b in PLACES for c in VERBS]


@pytest.fixture
def training_set(write_jsonl):
    def read(records):
        path = write_jsonl("train.jsonl", records)
        # Sentences of three words that share two are alike; here they are to count as apart.
        return read_training_set(path, OPTIONS, default_policies(), near_duplicate=1.0)

    return read


@pytest.fixture(scope="session")
def taught():
    """A ner that has learned the sentences above, with every annotation right."""
    nlp = build_tokenizer("bn")
    nlp.add_pipe("ner", config={"model": {
        "@architectures": "spacy.TransitionBasedParser.v2", "state_type": "ner",
        "extra_state_tokens": False, "hidden_width": 32, "maxout_pieces": 2, "use_upper": True,
        "tok2vec": {"@architectures": "spacy.HashEmbedCNN.v2", "width": 32, "depth": 1,
                    "embed_size": 500, "window_size": 1, "maxout_pieces": 2,
                    "subword_features": True, "pretrained_vectors": None}}})  # fmt: skip
    records = [sentence(a, b, c) for a in PEOPLE for b in PLACES for c in VERBS]
    examples = [Example.from_dict(nlp.make_doc(r["text"]), {"entities": r["label"]})
                for r in records]  # fmt: skip
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(6):
        nlp.update(examples, sgd=optimizer)
        for i in range(0, len(examples), 20):
            nlp.update(examples[i : i + 20], sgd=optimizer)
    return nlp
