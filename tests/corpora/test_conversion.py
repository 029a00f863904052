"""convert, from files to a corpus directory, on what users really bring."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.training import Corpus

from scripts.annotations.faults import parse_policies
from scripts.common.errors import UserError
from scripts.corpora.conversion import Settings, convert
from scripts.corpora.docbins import docbin_files, read_docs

ROOT = Path(__file__).resolve().parents[2]

SUBJECTS = [
    "নদী",
    "বাজার",
    "স্কুল",
    "মাঠ",
    "রাস্তা",
    "বাড়ি",
    "গাছ",
    "দোকান",
    "নৌকা",
    "মেলা",
    "গান",
    "ছবি",
    "চিঠি",
    "ঘর",
    "পুকুর",
]
VERBS = ["দেখে হাসল", "নিয়ে ভাবছিল", "ছেড়ে চলে গেল", "কিনতে চেয়েছিল", "আঁকত প্রতিদিন", "ভুলতে পারেনি"]
NAMES = ["করিম", "রহিমা", "শফিক", "মিতা", "তানভীর", "লিপি", "সুমন", "রোকেয়া", "অর্ণব", "জয়া"]


def _record(i, **extra):
    name = NAMES[i % len(NAMES)]
    subject, other = SUBJECTS[i % 15], SUBJECTS[i * 7 % 15]
    text = f"{name} {subject} {VERBS[(i // 15) % 6]}, তখন {i * 37 % 101}টা {other}"
    return {"text": text, "label": [[0, len(name), "PER"]], **extra}


def _all(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.fixture
def train(write_jsonl):
    return write_jsonl("train.jsonl", [_record(i) for i in range(60)])


def test_convert_splits_what_is_not_given(train, tmp_path):
    audit = convert({"train": train}, tmp_path / "corpus", Settings(near_duplicate=1.0))
    sizes = {name: split["docs"] for name, split in audit["splits"].items()}
    assert sum(sizes.values()) == 60
    assert sizes["dev"] >= 5 and sizes["test"] >= 5
    texts = {name: [doc.text for doc in _docs(tmp_path / "corpus", name)] for name in sizes}
    assert not set(texts["train"]) & (set(texts["dev"]) | set(texts["test"]))


def _docs(corpus, split):
    nlp = spacy.load(corpus / "tokenizer")
    return list(read_docs(docbin_files(corpus / f"{split}.spacy"), nlp.vocab))


@pytest.mark.project
def test_convert_is_the_same_for_any_number_of_processes(train, tmp_path):
    convert({"train": train}, tmp_path / "one", Settings())
    convert({"train": train}, tmp_path / "two", Settings(n_process=2))
    assert _all(tmp_path / "one") == _all(tmp_path / "two")


def test_convert_changes_no_text_and_counts_every_span(train, tmp_path):
    audit = convert({"train": train}, tmp_path / "corpus", Settings())
    spans = [split["spans"] for split in audit["splits"].values()]
    assert sum(s["given"] for s in spans) == 60
    assert all(s["given"] == s["kept"] + s["repaired"] + s["missing"] + s["refused"] for s in spans)
    texts = {_record(i)["text"] for i in range(60)}
    for split in audit["splits"]:
        assert {doc.text for doc in _docs(tmp_path / "corpus", split)} <= texts


def test_convert_refuses_the_same_file_twice(train, tmp_path):
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(train.read_bytes())
    with pytest.raises(UserError, match="same file"):
        convert({"train": train, "dev": copy}, tmp_path / "corpus", Settings())
    assert not (tmp_path / "corpus").exists()


def test_convert_takes_leaked_texts_out_of_train_and_reports_them(write_jsonl, tmp_path):
    train = write_jsonl("train.jsonl", [_record(i) for i in range(40)])
    dev = write_jsonl("dev.jsonl", [_record(i) for i in range(35, 45)])
    audit = convert({"train": train, "dev": dev}, tmp_path / "corpus", Settings(near_duplicate=1.0))
    assert audit["leaks"] == {"dev": {"exact": 5, "near": 0}}
    assert audit["splits"]["train"]["docs"] == 35
    assert audit["splits"]["dev"]["docs"] == 10
    leaks = [f for f in srsly.read_jsonl(tmp_path / "corpus" / "findings.jsonl")
             if f["faults"] == ["leak"]]  # fmt: skip
    assert [f["line"] for f in leaks] == [36, 37, 38, 39, 40]
    assert {f["fate"] for f in leaks} == {"dropped"}


def test_convert_keeps_leaks_when_told_to(write_jsonl, tmp_path):
    train = write_jsonl("train.jsonl", [_record(i) for i in range(40)])
    dev = write_jsonl("dev.jsonl", [_record(i) for i in range(35, 45)])
    settings = Settings(policies=parse_policies(["leak=keep", "near-leak=keep"]))
    audit = convert({"train": train, "dev": dev}, tmp_path / "corpus", settings)
    assert audit["splits"]["train"]["docs"] == 40


def test_convert_keeps_parts_of_a_document_together(write_jsonl, tmp_path):
    records = [_record(i, doc=f"d{i // 6}") for i in range(60)]
    train = write_jsonl("train.jsonl", records)
    audit = convert({"train": train}, tmp_path / "corpus", Settings(near_duplicate=1.0))
    documents = {record["text"]: record["doc"] for record in records}
    homes = {
        split: {documents[doc.text] for doc in _docs(tmp_path / "corpus", split)}
        for split in audit["splits"]
    }
    assert not homes["train"] & (homes["dev"] | homes["test"])
    assert not homes["dev"] & homes["test"]


def test_convert_reports_a_document_in_two_given_splits(write_jsonl, tmp_path):
    train = write_jsonl("train.jsonl", [_record(i, doc="a") for i in range(10)])
    dev = write_jsonl("dev.jsonl", [_record(i, doc="a") for i in range(50, 60)])
    audit = convert({"train": train, "dev": dev}, tmp_path / "corpus", Settings())
    rows = {row["fault"]: row["splits"] for row in audit["record_faults"]}
    assert rows["document-in-two-splits"]["train"]["records"] == 10


def test_convert_drops_a_training_text_that_stands_twice_and_keeps_it_in_dev(write_jsonl, tmp_path):
    train = write_jsonl("train.jsonl", [_record(i) for i in (0, 1, 2, 2, 3)])
    dev = write_jsonl("dev.jsonl", [_record(i) for i in (50, 51, 51)])
    audit = convert({"train": train, "dev": dev}, tmp_path / "corpus", Settings())
    assert audit["splits"]["train"]["docs"] == 4
    assert audit["splits"]["train"]["spans"]["taken_out"] == 1
    assert audit["splits"]["dev"]["docs"] == 3


def test_convert_unites_the_annotations_of_copies(write_jsonl, tmp_path):
    text = "করিম ও রহিমা মেলায় গেল"
    copies = [
        {"text": text, "label": [[0, 4, "PER"]]},
        {"text": text, "label": [[7, 12, "PER"]]},
    ]
    train = write_jsonl("train.jsonl", [*copies, *(_record(i) for i in range(5))])
    dev = write_jsonl("dev.jsonl", [_record(50)])
    convert({"train": train, "dev": dev}, tmp_path / "corpus", Settings())
    found = [doc for doc in _docs(tmp_path / "corpus", "train") if doc.text == text]
    assert [[ent.text for ent in doc.ents] for doc in found] == [["করিম", "রহিমা"]]


def test_convert_masks_places_that_copies_mark_differently(write_jsonl, tmp_path):
    text = "করিম ও রহিমা মেলায় গেল"
    copies = [
        {"text": text, "label": [[0, 4, "PER"]]},
        {"text": text, "label": [[0, 12, "ORG"]]},
    ]
    train = write_jsonl("train.jsonl", [*copies, *(_record(i) for i in range(5))])
    dev = write_jsonl("dev.jsonl", [_record(50)])
    convert({"train": train, "dev": dev}, tmp_path / "corpus", Settings())
    doc = next(doc for doc in _docs(tmp_path / "corpus", "train") if doc.text == text)
    assert not doc.ents
    assert [token.ent_iob_ for token in doc] == ["", "", "", "O", "O"]


def test_convert_fails_on_what_would_be_lost_and_leaves_the_old_corpus(write_jsonl, tmp_path):
    good = write_jsonl("good.jsonl", [_record(i) for i in range(40)])
    convert({"train": good}, tmp_path / "corpus", Settings())
    before = _all(tmp_path / "corpus")
    lost = {"text": "করিম গেল", "label": [[50, 54, "PER"]]}
    bad = write_jsonl("bad.jsonl", [*(_record(i) for i in range(40)), lost])
    with pytest.raises(UserError, match="out-of-range") as error:
        convert({"train": bad}, tmp_path / "corpus", Settings())
    assert "line 41" in error.value.where
    assert _all(tmp_path / "corpus") == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    settings = Settings(policies=parse_policies(["out-of-range=drop"]))
    audit = convert({"train": bad}, tmp_path / "corpus", settings)
    assert sum(split["spans"]["refused"] for split in audit["splits"].values()) == 1


def test_convert_writes_shards_that_read_as_one_corpus(train, tmp_path):
    from scripts.corpora import passes

    settings = Settings(near_duplicate=1.0, shard_docs=20)
    size, passes.CHUNK = passes.CHUNK, 7
    try:
        audit = convert({"train": train}, tmp_path / "corpus", settings)
    finally:
        passes.CHUNK = size
    shards = sorted((tmp_path / "corpus" / "train.spacy").glob("*.spacy"))
    assert len(shards) > 1
    nlp = spacy.load(tmp_path / "corpus" / "tokenizer")
    examples = list(Corpus(tmp_path / "corpus" / "train.spacy")(nlp))
    assert len(examples) == audit["splits"]["train"]["docs"]
    assert (
        sum(len(eg.reference.ents) for eg in examples)
        == audit["splits"]["train"]["spans"]["trainable"]
    )


def test_convert_reads_offsets_in_utf16_when_the_file_says_so(write_jsonl, tmp_path):
    def emoji(i):
        name = NAMES[i % len(NAMES)]
        return {"text": f"😊😊 {name} {SUBJECTS[i % 15]} {i}", "label": [[5, 5 + len(name), "PER"]]}

    train = write_jsonl("train.jsonl", [emoji(i) for i in range(40)])
    audit = convert({"train": train}, tmp_path / "corpus", Settings(near_duplicate=1.0))
    chosen = {row["question"]: row["chosen"] for row in audit["hypotheses"]}
    assert chosen["offset unit: code points or UTF-16 code units"] == "utf16"
    ents = [ent.text for doc in _docs(tmp_path / "corpus", "train") for ent in doc.ents]
    assert ents and set(ents) <= set(NAMES)


def test_convert_needs_enough_records_to_split(write_jsonl, tmp_path):
    train = write_jsonl("train.jsonl", [_record(0), _record(0)])
    with pytest.raises(UserError, match="Nothing is left"):
        convert({"train": train}, tmp_path / "corpus", Settings())


def test_convert_refuses_a_file_without_spans(write_jsonl, tmp_path):
    train = write_jsonl("train.jsonl", [{"text": f"কথা {i}", "label": []} for i in range(30)])
    with pytest.raises(UserError, match="no span"):
        convert({"train": train}, tmp_path / "corpus", Settings())


@pytest.mark.project
def test_convert_command_prints_an_error_and_no_traceback(tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "ক", "label": [[0, 1, "PER"]]}\n{"text": ', encoding="utf8")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.convert", "--train", bad, "-o", tmp_path / "corpus"],
        cwd=ROOT, capture_output=True, text=True, encoding="utf8",
    )  # fmt: skip
    assert done.returncode == 1
    assert "line 2" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "corpus").exists()


@pytest.mark.project
@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_convert_killed_while_it_runs_leaves_the_old_corpus(write_jsonl, tmp_path):
    good = write_jsonl("good.jsonl", [_record(i) for i in range(40)])
    convert({"train": good}, tmp_path / "corpus", Settings())
    before = _all(tmp_path / "corpus")
    many = write_jsonl("many.jsonl", [_record(i, id=i) for i in range(40_000)])
    command = [sys.executable, "-m", "scripts.convert", "--train", many, "-o", tmp_path / "corpus"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not list(tmp_path.glob(".corpus.new.*")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL
    assert _all(tmp_path / "corpus") == before
    convert({"train": good}, tmp_path / "corpus", Settings())
    assert not list(tmp_path.glob(".corpus.*"))


@pytest.mark.project
def test_convert_gives_every_span_of_the_real_corpus_a_fate(banglaner, tmp_path):
    inputs = {"train": banglaner / "train.jsonl", "dev": banglaner / "val.jsonl"}
    audit = convert(inputs, tmp_path / "corpus", Settings())
    spans = [split["spans"] for split in audit["splits"].values()]
    assert sum(s["given"] for s in spans) == 9255
    assert sum(s["kept"] + s["repaired"] + s["missing"] + s["refused"] for s in spans) == 9255
    assert sum(s["kept"] + s["repaired"] for s in spans) >= 0.99 * 9255
    assert sum(s["refused"] for s in spans) == 0
    assert audit["leaks"]["dev"]["exact"] == 80
    ends = {row["path"]: row["chosen"] for row in audit["hypotheses"]
            if row["question"] == "inclusive ends of single-token spans"}  # fmt: skip
    assert set(ends.values()) == {"some"}
    findings = srsly.read_jsonl(tmp_path / "corpus" / "findings.jsonl")
    first = [f for f in findings if f["line"] == 1 and f["split"] == "train"]
    letter = next(f for f in first if f.get("given", [])[:2] == [3, 4])
    assert letter["fate"] == "missing" and letter["suspicious"]
    assert "'কে' stands at 277–279" in letter["note"]


def test_convert_never_replaces_a_directory_that_is_not_its_own(train, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(UserError, match="other files"):
        convert({"train": train}, tmp_path / "mine", Settings())
    with pytest.raises(UserError, match="other files|lies in the output"):
        convert({"train": train}, tmp_path, Settings())
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep me"
    assert train.is_file()


def test_convert_drops_texts_with_control_characters_when_told_to(write_jsonl, tmp_path):
    train = write_jsonl(
        "train.jsonl", [*(_record(i) for i in range(5)), {"text": "ক\x07খ", "label": []}]
    )
    dev = write_jsonl("dev.jsonl", [_record(50)])
    settings = Settings(policies=parse_policies(["control-characters=drop"]))
    audit = convert({"train": train, "dev": dev}, tmp_path / "corpus", settings)
    assert audit["splits"]["train"]["docs"] == 5
    assert len(_docs(tmp_path / "corpus", "train")) == 5


def test_convert_shows_the_words_meant_in_findings_of_any_offset_unit(write_jsonl, tmp_path):
    def emoji(i):
        name = NAMES[i % len(NAMES)]
        return {"text": f"😊😊 {name} {SUBJECTS[i % 15]} {i}", "label": [[5, 5 + len(name), "PER"]]}

    train = write_jsonl("train.jsonl", [emoji(i) for i in range(40)])
    convert({"train": train}, tmp_path / "corpus", Settings(near_duplicate=1.0))
    found = [f for f in srsly.read_jsonl(tmp_path / "corpus" / "findings.jsonl")
             if f["faults"] == ["offset-unit"]]  # fmt: skip
    assert found and {f["surface"] for f in found} <= set(NAMES)


def test_convert_refuses_a_text_that_spacy_cannot_take(write_jsonl, tmp_path):
    train = write_jsonl("train.jsonl", [_record(0), {"text": "ক " * 500_001, "label": []}])
    with pytest.raises(UserError, match="1,000,002 characters") as error:
        convert({"train": train}, tmp_path / "corpus", Settings())
    assert "line 2" in error.value.where


def test_convert_says_that_a_language_is_unknown_with_several_processes(train, tmp_path):
    with pytest.raises(UserError, match="'zz'"):
        convert({"train": train}, tmp_path / "corpus", Settings(lang="zz", n_process=2))
