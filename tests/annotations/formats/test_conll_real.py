"""CoNLL files of real corpora and of bug reports; skipped where they are not at hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.conll import FORMAT
from scripts.annotations.formats.iob_sentences import FORMAT as SENTENCES
from scripts.annotations.records import Record

# Whole corpora.
pytestmark = pytest.mark.project

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
REAL = SHARED / "token_tag"
shared = pytest.mark.skipif(not REAL.is_dir(), reason="the real corpora are not beside the project")


def read(path: Path, **options: Any) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def ents(records: list[Record]) -> list[tuple[str, str]]:
    return [(r.text[s.start : s.end], s.label) for r in records for s in r.spans]


COUNTS = {
    "ncbi-disease-iob/devel.tsv": (923, 787),
    "wnut17_en/emerging.dev.conll": (1009, 836),
    "wnut17_en/emerging.test.annotated": (1287, 1079),
    "rifat1493_bn/test_data.txt": (1950, 3098),
    "btc_en/e.conll": (200, 325),
    "btc_en/h.conll": (2000, 3368),
    "europeana_de_fr_nl/enp_DE.onb.bio/enp_DE.onb.bio": (16, 3343),
}


@shared
@pytest.mark.parametrize("name", COUNTS)
def test_conll_real_files_have_the_known_counts(name: str) -> None:
    assert FORMAT.sniff(read_head(REAL / name))
    records, _ = read(REAL / name)
    assert (len(records), sum(len(r.spans) for r in records)) == COUNTS[name]


@shared
@pytest.mark.parametrize("corpus", ["ncbi-disease", "bc5cdr"])
def test_conll_iob_and_iobes_of_a_corpus_are_equal(corpus: str, tmp_path: Path) -> None:
    read_as = []
    for scheme in ("iob", "iobes"):
        # The first sentences of many: to read all takes seconds.
        whole = (REAL / f"{corpus}-{scheme}" / "test.tsv").read_text(encoding="utf8")
        path = tmp_path / scheme
        path.write_text("\n\n".join(whole.split("\n\n")[:1200]), encoding="utf8")
        read_as.append([(r.text, r.spans) for r in read(path, lang="en")[0]])
    assert len(read_as[0]) >= 940
    assert read_as[0] == read_as[1]


@shared
def test_conll_real_bangla_faults_are_told() -> None:
    records, notices = read(REAL / "rifat1493_bn" / "annotated_data" / "1.txt", lang="bn")
    assert not records[0].text.startswith("\ufeff")
    assert Counter(n.code for n in notices) == {"read-as": 1, "tag-repaired": 5}
    assert Counter(s.label for r in records for s in r.spans)["TIM"] == 103


@shared
@pytest.mark.parametrize(
    "name", ["ner-token-per-line", "ner-token-per-line-with-pos", "ner-token-per-line-conll2003"]
)
def test_conll_spacy_examples_equal_their_sentences(name: str) -> None:
    folder = SHARED / "spacy_v2" / "spacy_ner_example_data"
    records, _ = read(folder / f"{name}.iob", lang="en")
    sentences = SENTENCES.read(
        folder / "ner-sent-per-line.iob", ReadOptions(lang="en"), lambda notice: None
    )
    assert ents(records) == ents(list(sentences))


@shared
def test_conll_doccano_examples() -> None:
    folder = SHARED / "span_jsonl" / "doccano_official_examples" / "data_import"
    tests = folder / "tests" / "data" / "sequence_labeling"
    assert ents(read(tests / "example.conll")[0]) == [("JAPAN", "LOC"), ("Nadim Ladki", "PER")]
    records, notices = read(tests / "labeling.invalid.conll")
    assert (len(records), len(ents(records))) == (3, 5)
    assert [(n.code, n.line) for n in notices[1:]] == [("tag-missing", 1)]
    assert len(read(tests / "labeling.trailing.conll")[0]) == 1
    example = folder / "examples" / "sequence_labeling" / "example.txt"
    assert ents(read(example)[0])[-1] == ("Peter Blackburn", "PER")
    for path in (SHARED / "span_jsonl" / "doccano_transformer_tests").glob("*.conll2003.*"):
        assert FORMAT.sniff(read_head(path)) and read(path)[0]


@shared
@pytest.mark.parametrize(
    "name", ["conll-space-in-token", "iob1", "iob1-different-type", "iob-regex-split"]
)
def test_conll_bug_cases(tmp_path: Path, name: str) -> None:
    lines = (SHARED / "bugcases.jsonl").read_text(encoding="utf8").splitlines()
    [case] = [case for case in map(json.loads, lines) if case["id"] == name]
    path, expect = tmp_path / "case", case["expect"]
    path.write_bytes(case["input"].encode("utf8"))
    assert FORMAT.sniff(read_head(path))
    records, _ = read(path, spacing="blanks")
    if "ents" in expect:
        assert ents(records) == [tuple(ent) for ent in expect["ents"]]
    if "tags" in expect:
        # Every token is tagged, and those beside each other are one entity.
        assert ents(records) == [(r.text, "PER") for r in records]
    if "tokens" in expect:
        assert sum(len(r.text.split(" ")) for r in records) == expect["tokens"]
