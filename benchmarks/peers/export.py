"""Writes a corpus made by convert as plain JSONL of words, for tools that know no spaCy.

    python -m benchmarks.peers.export CORPUS OUTPUT

Writes train.jsonl and dev.jsonl with ``text``, ``offsets`` (character ranges of the words of the
corpus' own tokenizer, white space left out) and ``tags`` (IOB2, null where the annotation is
missing), test.jsonl without tags, and export.json (labels, counts, the corpus' md5).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from wasabi import msg

from benchmarks.peers.data import FACTS
from scripts.common.console import run
from scripts.common.files import md5_of_file, new_directory, write_json, write_jsonl
from scripts.corpora.docbins import docbin_files, read_docs
from scripts.corpora.gold import read_gold
from scripts.encoders.texts import load_pipeline as load_tokenizer
from scripts.scoring.tokens import iob_tags


def main(corpus: Path, output: Path) -> None:
    """Write a corpus as plain JSONL of words."""
    facts = export(corpus, output)
    counts = ", ".join(f"{name} {number}" for name, number in facts["texts"].items())
    msg.good(f"{output}: {counts}; labels {', '.join(facts['labels'])}")


def export(corpus: Path, output: Path) -> dict[str, Any]:
    """Writes the export of a corpus and gives what its export.json says."""
    nlp = load_tokenizer(corpus)
    splits = {"train": [_of_doc(doc) for doc in
                        read_docs(docbin_files(corpus / "train.spacy"), nlp.vocab)]}  # fmt: skip
    for split in ("dev", "test"):
        path = corpus / f"{split}.gold.jsonl"
        if path.is_file():
            splits[split] = list(_of_gold(path, nlp, tagged=split == "dev"))
    tags = {tag for lines in splits.values() for line in lines for tag in line.get("tags", ())}
    facts = {
        "corpus_md5": md5_of_file(corpus / "audit.json"),
        "labels": sorted({tag[2:] for tag in tags if tag and tag != "O"}),
        "texts": {split: len(lines) for split, lines in splits.items()},
        "words": {split: sum(len(i["offsets"]) for i in lines) for split, lines in splits.items()},
        "missing_words": sum(tag is None for line in splits["train"] for tag in line["tags"]),
    }
    with new_directory(output) as folder:
        for split, lines in splits.items():
            write_jsonl(folder / f"{split}.jsonl", lines)
        write_json(folder / FACTS, facts)
    return facts


def _of_doc(doc: Doc) -> dict[str, Any]:
    words = [token for token in doc if not token.is_space]
    tags = [
        None if t.ent_iob == 0 else "O" if t.ent_iob == 2 else f"{t.ent_iob_}-{t.ent_type_}"
        for t in words
    ]
    return {"text": doc.text, "offsets": [[t.idx, t.idx + len(t)] for t in words], "tags": tags}


def _of_gold(path: Path, nlp: Language, *, tagged: bool) -> Iterator[dict[str, Any]]:
    """The lines of dev or test, in the order of the gold; spans of dev become tags."""
    for record in read_gold(path):
        words = [token for token in nlp.make_doc(record.text) if not token.is_space]
        offsets = [(token.idx, token.idx + len(token)) for token in words]
        line: dict[str, Any] = {"text": record.text, "offsets": offsets}
        if tagged:
            named = iob_tags(offsets, record.ents)
            line["tags"] = [
                None if any(a < end and start < b for a, b in record.missing) else tag
                for tag, (start, end) in zip(named, offsets, strict=True)
            ]
            if record.annotated is not None:
                line["annotated"] = sorted(record.annotated)
        yield line


if __name__ == "__main__":
    run(main)
