"""A small corpus, and a stand-in for the commands that an experiment runs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from scripts.corpora.docbins import docbin_files, read_docs
from scripts.experiments.children import ChildFailed
from scripts.experiments.setup import Setup

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("ঢাকা", "খুলনা", "পাবনা", "সিলেট", "যশোর", "বগুড়া", "রংপুর", "ফেনী", "ভোলা", "নাটোর")
PEOPLE = ("রহিম", "করিম", "সালমা", "নজরুল", "জসীম", "বেগম রোকেয়া", "লালন", "হাসন", "তিতুমীর", "সুফিয়া")


class Trainer:
    """Does as train and evaluate do, without learning anything.

    Args:
        score: F on dev from the seed, the options and the number of training Docs.
        fails: Seeds that fail.
    """

    def __init__(
        self,
        score: Callable[[int, dict[str, str], int], float],
        fails: Sequence[int] = (),
    ) -> None:
        self.score = score
        self.fails = set(fails)
        self.trained: list[dict[str, str]] = []
        self.docs: list[list[str]] = []
        self.lock = threading.Lock()

    def __call__(self, arguments, log, keep_on=None):
        log.parent.mkdir(parents=True, exist_ok=True)
        options = dict(re.findall(r"--(\S+)\n(\S+)", "\n".join(arguments)))
        if arguments[0] == "scripts.evaluate":
            return self._evaluate(Path(arguments[1]), Path(options["output"]))
        path = Path(options.get("paths.train", f"{options['corpus']}/train.spacy"))
        texts = [doc.text for doc in read_docs(docbin_files(path), spacy.blank("bn").vocab)]
        with self.lock:
            self.trained.append(options)
            self.docs.append(texts)
        output, seed = Path(options["output"]), int(options["seed"])
        for name in ("model-best", "model-last"):
            (output / name).mkdir(parents=True)
        if seed in self.fails:
            raise ChildFailed("scripts.train ended with status 1", where=str(log))
        score = self.score(seed, options, len(texts))
        for step in range(0, 300, 50):
            percent = 100 * score * step / 250
            if keep_on and not keep_on(f"  0  {step:6}  8.18  958.10  {percent:.2f}  1  2  0.1\n"):
                return False
        meta = {"lang": "bn", "performance": {"ents_f": score}}
        (output / "model-best" / "meta.json").write_text(json.dumps(meta), encoding="utf8")
        return True

    @staticmethod
    def _evaluate(model, output):
        f = json.loads((model / "meta.json").read_text(encoding="utf8"))["performance"]["ents_f"]
        output.mkdir()
        for name, score in (("dev", f), ("test", f - 0.1)):
            gold = {"repaired": {"micro": {"f": score}}, "as_given": {"micro": {"f": score - 0.2}}}
            (output / f"{name}.json").write_text(json.dumps({"gold": gold}), encoding="utf8")
        (output / "calibration.json").write_text('{"gold": "repaired"}', encoding="utf8")
        return True


@pytest.fixture
def corpus(tmp_path, nlp) -> Path:
    """A corpus of 40 different training texts, a copy of one, and one with unknown tokens."""
    folder = tmp_path / "corpus"
    docs = []
    for index in range(40):
        place, person = PLACES[index % 10], PEOPLE[index // 4]
        doc = nlp.make_doc(f"{person} {index * 7919} টাকা নিয়ে {place} গেলেন {index * 104729} বার।")
        label, text = ("LOC", place) if index % 4 else ("PER", person)
        start = doc.text.index(text)
        doc.ents = [doc.char_span(start, start + len(text), label=label)]
        docs.append(doc)
    copy = nlp.make_doc(docs[5].text)
    unknown = nlp.make_doc("অজানা জায়গায় কেউ ছিল না")
    unknown.set_ents([], missing=[unknown[0:2]], default="outside")
    folder.mkdir()
    DocBin(docs=[*docs, copy, unknown]).to_disk(folder / "train.spacy")
    DocBin(docs=docs[:4]).to_disk(folder / "dev.spacy")
    (folder / "audit.json").write_text("{}", encoding="utf8")
    nlp.to_disk(folder / "tokenizer")
    return folder


@pytest.fixture
def setup(corpus, tmp_path) -> Setup:
    """The setup of an experiment on that corpus, on the CPU."""
    return Setup(ROOT / "configs" / "ner_cpu.cfg", corpus, tmp_path / "no-encoder", "bn", "-1")
