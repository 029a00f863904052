"""Sets with different labels: mixed, converted, and what training is told of the gaps."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import spacy
import srsly
from hypothesis import given
from hypothesis import strategies as st

from scripts.annotations.faults import parse_policies
from scripts.annotations.reading import read_records
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError
from scripts.corpora.conversion import Settings, convert
from scripts.corpora.docbins import docbin_files, read_docs
from scripts.corpora.gold import read_gold
from scripts.corpora.mix_spec import parse_spec, read_spec
from scripts.corpora.mixing import draw_records, mix

NAMES = ["করিম", "রহিমা", "শফিক", "মিতা", "সুমন", "জয়া"]
PLACES = ["ঢাকায়", "খুলনায়", "সিলেটে", "যশোরে", "পাবনায়"]
FEASTS = ["ঈদে", "পূজায়", "মেলায়"]
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "token_tag"


def _text(i, misc):
    """A text of a name, a place and a feast, all marked but for the feast if ``misc`` is false."""
    words = [NAMES[i % 6], PLACES[i % 5], FEASTS[i % 3], f"{i}টি", "বই", "কিনল"]
    text, ends = " ".join(words), []
    for word in words:
        ends.append((ends[-1] + 1 if ends else 0) + len(word))
    marked = zip(words, ends, ("PER", "LOC", "MISC"), strict=False)
    spans = [[end - len(word), end, label] for word, end, label in marked]
    return {"text": text, "label": spans if misc else spans[:2]}


@pytest.fixture
def sets(write_jsonl):
    """Files of two sets: one with all labels, one that lacks MISC; and dev."""
    return {
        "full": write_jsonl("full.jsonl", [_text(i, True) for i in range(0, 40)]),
        "part": write_jsonl("part.jsonl", [_text(i, False) for i in range(100, 130)]),
        "dev": write_jsonl("dev.jsonl", [_text(i, True) for i in range(200, 210)]),
    }


def _spec(sets, part, **full):
    train = [{"name": "full", "file": str(sets["full"]), **full},
             {"name": "part", "file": str(sets["part"]), **part}]  # fmt: skip
    dev = [{"name": "full", "file": str(sets["dev"])}]
    return parse_spec({"lang": "bn", "train": train, "dev": dev}, "mix.yml")


def _convert(folder, output, *policies):
    options = Settings(lang="bn", near_duplicate=1.0, policies=parse_policies(policies))
    inputs = {"train": folder / "train.jsonl", "dev": folder / "dev.jsonl"}
    audit = convert(inputs, output, options)
    nlp = spacy.load(output / "tokenizer")
    return audit, list(read_docs(docbin_files(output / "train.spacy"), nlp.vocab))


PARTIAL = {"annotates": ["PER", "LOC"]}


def test_mixing_leaves_what_a_set_does_not_annotate_unlearned(sets, tmp_path):
    mix(_spec(sets, PARTIAL), tmp_path / "mix")
    audit, docs = _convert(tmp_path / "mix", tmp_path / "corpus")
    part = [doc for doc in docs if len(doc.ents) == 2]
    assert len(part) == 30
    for doc in part:
        assert [token.ent_iob_ for token in doc if token.ent_type_ == ""] == [""] * (len(doc) - 2)
    full = [doc for doc in docs if len(doc.ents) == 3]
    assert all(token.ent_iob_ != "" for doc in full for token in doc)
    row = next(r for r in audit["record_faults"] if r["fault"] == "unannotated-label")
    assert row["splits"] == {"train": {"records": 30, "dropped": 0, "spans": 0}}


def test_mixing_trains_unmarked_tokens_as_no_entity_under_keep(sets, tmp_path):
    mix(_spec(sets, PARTIAL), tmp_path / "mix")
    _, docs = _convert(tmp_path / "mix", tmp_path / "corpus", "unannotated-label=keep")
    part = [doc for doc in docs if len(doc.ents) == 2]
    assert len(part) == 30
    assert all(token.ent_iob_ in "BIO" and token.ent_iob_ for doc in part for token in doc)


def test_mixing_stops_at_unannotated_labels_under_error(sets, tmp_path):
    mix(_spec(sets, PARTIAL), tmp_path / "mix")
    with pytest.raises(UserError, match="30 × unannotated-label"):
        _convert(tmp_path / "mix", tmp_path / "corpus", "unannotated-label=error")


def test_mixing_sets_that_annotate_the_same_labels_leave_nothing_unlearned(sets, tmp_path):
    # That dev has a further label, which nothing in train teaches, makes no difference.
    mix(_spec(sets, PARTIAL, labels={"MISC": None}, **PARTIAL), tmp_path / "mix")
    audit, docs = _convert(tmp_path / "mix", tmp_path / "corpus")
    assert all(token.ent_iob_ != "" for doc in docs for token in doc)
    row = next(r for r in audit["record_faults"] if r["fault"] == "unannotated-label")
    assert row["splits"] == {}


LAYERS = [["PER", "LOC"], ["MISC"]]


@pytest.mark.parametrize("policy", ["repair", "missing", "drop"])
def test_convert_unites_the_labels_of_copies_annotated_in_layers(write_jsonl, tmp_path, policy):
    def layers(numbers):
        return [
            {**line, "label": [s for s in line["label"] if s[2] in own], "annotated_labels": own}
            for own in LAYERS
            for line in (_text(i, True) for i in numbers)
        ]

    files = {"train": write_jsonl("train.jsonl", layers(range(20))),
             "dev": write_jsonl("dev.jsonl", layers(range(100, 110)))}  # fmt: skip
    policies = parse_policies([f"contested={policy}"])
    convert(files, tmp_path / "corpus", Settings(near_duplicate=1.0, policies=policies))
    nlp = spacy.load(tmp_path / "corpus" / "tokenizer")
    docs = list(read_docs(docbin_files(tmp_path / "corpus" / "train.spacy"), nlp.vocab))
    assert len(docs) == 20
    for doc in docs:
        assert [ent.label_ for ent in doc.ents] == ["PER", "LOC", "MISC"]
        assert all(token.ent_iob_ != "" for token in doc)
    gold = list(read_gold(tmp_path / "corpus" / "dev.gold.jsonl"))
    assert len(gold) == 20
    for i, record in enumerate(gold):
        assert [span.label for span in record.ents] == ["PER", "LOC", "MISC"]
        assert record.annotated == {"PER", "LOC", "MISC"}
        assert record.annotated_as_given == set(LAYERS[i // 10])


def test_convert_keeps_the_fuller_of_two_copies_alike_but_for_what_was_looked_for(
    write_jsonl, tmp_path
):
    lines = [_text(i, i >= 10) for i in range(20)]
    # Looked through for PER and LOC first, then, in the same words, for all: no feast was found.
    twice = [{**line, "annotated_labels": LAYERS[0]} for line in lines[:10]] + lines
    dev = [_text(i, True) for i in range(100, 105)]
    files = {"train": write_jsonl("train.jsonl", twice), "dev": write_jsonl("dev.jsonl", dev)}
    audit = convert(files, tmp_path / "corpus", Settings(near_duplicate=1.0))
    nlp = spacy.load(tmp_path / "corpus" / "tokenizer")
    docs = list(read_docs(docbin_files(tmp_path / "corpus" / "train.spacy"), nlp.vocab))
    assert len(docs) == 20
    assert all(token.ent_iob_ != "" for doc in docs for token in doc)
    faults = {row["fault"] for row in audit["record_faults"] if row["splits"]}
    assert faults == {"duplicate-text"}


def test_mixing_asks_what_a_set_without_a_label_annotates(sets, tmp_path):
    with pytest.raises(UserError, match="lack labels") as error:
        mix(_spec(sets, {}), tmp_path / "mix")
    assert error.value.where == f"train set part ({sets['part']}) has no MISC"
    assert not (tmp_path / "mix").exists()


def test_mixing_takes_a_set_at_its_word_that_it_annotates_all(sets, tmp_path):
    mix(_spec(sets, {"annotates": "all"}), tmp_path / "mix")
    _, docs = _convert(tmp_path / "mix", tmp_path / "corpus")
    assert all(token.ent_iob_ != "" for doc in docs for token in doc)


def test_mixing_weights_are_copies_in_train_and_counted(sets, tmp_path):
    mix(_spec(sets, {**PARTIAL, "weight": 3}), tmp_path / "mix")
    audit, docs = _convert(tmp_path / "mix", tmp_path / "corpus")
    counts = audit["splits"]["train"]
    assert (counts["docs"], counts["examples"], counts["weighted"]) == (70, 40 + 3 * 30, 30)
    assert len(docs) == 130
    texts = [doc.text for doc in docs]
    assert {texts.count(_text(i, False)["text"]) for i in range(100, 130)} == {3}
    assert {texts.count(_text(i, True)["text"]) for i in range(40)} == {1}
    row = next(r for r in audit["record_faults"] if r["fault"] == "duplicate-text")
    assert row["splits"] == {}


def test_mixing_weights_are_not_applied_to_dev(sets, write_jsonl, tmp_path):
    dev = write_jsonl("weighted.jsonl", [{**_text(i, True), "weight": 5} for i in range(200, 210)])
    audit = convert({"train": sets["full"], "dev": dev}, tmp_path / "corpus", Settings())
    assert audit["splits"]["dev"]["examples"] == audit["splits"]["dev"]["docs"] == 10
    assert audit["splits"]["dev"]["weighted"] == 10


def test_mixing_dev_gold_says_what_was_annotated(sets, tmp_path):
    value = {
        "lang": "bn",
        "train": [{"name": "full", "file": str(sets["full"])}],
        "dev": [{"name": "part", "file": str(sets["part"]), **PARTIAL}],
    }
    mix(parse_spec(value, "mix.yml"), tmp_path / "mix")
    _convert(tmp_path / "mix", tmp_path / "corpus")
    gold = list(read_gold(tmp_path / "corpus" / "dev.gold.jsonl"))
    assert {record.annotated for record in gold} == {frozenset({"PER", "LOC"})}
    nlp = spacy.load(tmp_path / "corpus" / "tokenizer")
    docs = read_docs(docbin_files(tmp_path / "corpus" / "dev.spacy"), nlp.vocab)
    assert all(token.ent_iob_ != "" for doc in docs for token in doc)


def test_mixing_counts_mapped_and_dropped_labels(sets, tmp_path):
    known = {"name": "full", "file": str(sets["full"]), "labels": {"MISC": None, "PER": "PERSON"}}
    report = mix(parse_spec({"lang": "bn", "train": [known]}, "mix.yml"), tmp_path / "mix")
    assert report["sets"][0]["labels"] == [
        {"label": "LOC", "used": "LOC", "spans": 40},
        {"label": "MISC", "used": None, "spans": 40},
        {"label": "PER", "used": "PERSON", "spans": 40},
    ]
    assert report["sets"][0]["spans"] == {"LOC": 40, "PERSON": 40}
    lines = list(srsly.read_jsonl(tmp_path / "mix" / "sets" / "full.jsonl"))
    wanted = [[[*place, {"PER": "PERSON"}.get(label, label)]
               for *place, label in _text(i, True)["label"] if label != "MISC"]
              for i in range(40)]  # fmt: skip
    assert [line["label"] for line in lines] == wanted


def test_mixing_gives_the_same_bytes_again_and_another_draw_for_another_seed(sets, tmp_path):
    spec = _spec(sets, {**PARTIAL, "sample": 10})
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        mix(spec, tmp_path / name, seed=seed)
    read = {n: (tmp_path / n / "train.jsonl").read_bytes() for n in "abc"}
    assert read["a"] == read["b"] != read["c"]
    assert read["a"].count(b"\n") == 50


def test_mixing_first_takes_the_beginning_and_sample_bounds_every_set(sets, tmp_path):
    report = mix(_spec(sets, {**PARTIAL, "order": "first", "sample": 10}), tmp_path / "m", sample=4)
    assert [part["taken"] for part in report["sets"]] == [4, 4, 4]
    lines = list(srsly.read_jsonl(tmp_path / "m" / "sets" / "part.jsonl"))
    assert [line["text"] for line in lines] == [_text(i, False)["text"] for i in range(100, 104)]


def test_mixing_keeps_documents_of_two_sets_apart(write_jsonl, tmp_path):
    files = [write_jsonl(f"{name}.jsonl", [{**_text(i, True), "doc": "d1", "id": 1}])
             for name, i in (("a", 0), ("b", 1))]  # fmt: skip
    sets = [{"name": file.stem, "file": str(file)} for file in files]
    mix(parse_spec({"lang": "bn", "train": sets}, "mix.yml"), tmp_path / "mix")
    records = list(read_records(tmp_path / "mix" / "train.jsonl"))
    assert [(r.document, r.id) for r in records] == [("a:d1", "a:1"), ("b:d1", "b:1")]


def test_mixing_several_test_sets_are_files_of_their_own(sets, tmp_path):
    tests = [{"name": n, "file": str(sets[n]), "annotates": "all"} for n in ("part", "dev")]
    value = {"lang": "bn", "train": [{"name": "full", "file": str(sets["full"])}], "test": tests}
    mix(parse_spec(value, "mix.yml"), tmp_path / "mix")
    assert sorted(p.name for p in (tmp_path / "mix" / "test").iterdir()) == [
        "dev.jsonl", "part.jsonl",
    ]  # fmt: skip
    assert not (tmp_path / "mix" / "test.jsonl").exists()


FAULTY = {
    "unknown key": ({"sampel": 3}, "no key 'sampel'", "train set part"),
    "sample": ({"sample": 0}, "sample cannot be 0", "train set part, sample"),
    "weight": ({"weight": 1.5}, "weight cannot be 1.5", "train set part, weight"),
    "order": ({"order": "last"}, "order cannot be 'last'", "train set part, order"),
    "labels": ({"labels": {"MISC": False}}, "labels cannot be", "train set part, labels"),
    "annotates": ({"annotates": "PER"}, "annotates cannot be 'PER'", "train set part, annotates"),
    "format": ({"format": "conlll"}, "no format 'conlll'", "train set part, --format"),
    "columns": ({"columns": [0, "x"]}, "columns cannot be read", "train set part, --columns"),
    "file": ({"file": "nowhere.jsonl"}, "no annotation file", "train set part, file"),
    "name": ({"name": "a/b"}, "name cannot be 'a/b'", "a set of train, name"),
    "twice": ({"name": "Full"}, "one name: full", "mix.yml"),
}


@pytest.mark.parametrize(("keys", "what", "where"), FAULTY.values(), ids=FAULTY)
def test_mixing_errors_name_set_and_key(sets, keys, what, where):
    with pytest.raises(UserError, match=what) as error:
        _spec(sets, keys)
    assert where in error.value.where


def test_mixing_refuses_one_file_in_two_splits(sets):
    with pytest.raises(UserError, match="train set full and dev set full are the same file"):
        _spec({**sets, "dev": sets["full"]}, PARTIAL)


def test_mixing_refuses_to_replace_what_it_reads(sets, tmp_path):
    folder = tmp_path / "mix"
    folder.mkdir()
    source = sets["full"].rename(folder / "train.jsonl")
    before = source.read_bytes()
    spec = parse_spec({"lang": "bn", "train": [{"name": "a", "file": str(source)}]}, "mix.yml")
    with pytest.raises(UserError, match="lie in one another"):
        mix(spec, folder)
    assert source.read_bytes() == before
    spec = parse_spec({"lang": "bn", "train": [{"name": "a", "file": str(folder)}]}, "mix.yml")
    with pytest.raises(UserError, match="lie in one another"):
        mix(spec, folder / "out")
    assert [path.name for path in folder.iterdir()] == ["train.jsonl"]


def test_mixing_refuses_a_repeated_key_in_yaml(tmp_path):
    path = tmp_path / "mix.yml"
    path.write_text("lang: bn\nlang: en\n", encoding="utf8")
    with pytest.raises(UserError, match="stands twice"):
        read_spec(path)


def test_mixing_takes_merge_keys_that_a_set_overrides(sets, tmp_path):
    path = tmp_path / "mix.yml"
    path.write_text(
        f"lang: bn\ntrain:\n  - &a {{name: a, file: '{sets['full']}', weight: 2}}\n"
        f"  - {{<<: *a, name: b, file: '{sets['part']}'}}\n", encoding="utf8"
    )  # fmt: skip
    read = read_spec(path).splits["train"]
    assert [(known.name, known.weight) for known in read] == [("a", 2), ("b", 2)]


def test_mixing_refuses_a_label_that_annotates_leaves_out(sets, tmp_path):
    with pytest.raises(UserError, match="does not name: LOC"):
        mix(_spec(sets, {"annotates": ["PER"]}), tmp_path / "mix")


@given(st.integers(0, 30), st.integers(1, 40), st.integers(0, 5))
def test_mixing_draws_each_record_once_and_in_order(count, size, seed):
    records = [Record(f"{i}", (), i) for i in range(count)]
    drawn, length = draw_records(iter(records), size, random.Random(seed))
    lines = [record.line for record in drawn]
    assert length == count
    assert len(lines) == min(size, count)
    assert lines == sorted(set(lines))


BAD = {
    "no list": ({"annotated_labels": "PER"}, "no list of labels"),
    "no words": ({"annotated_labels": ["PER", 3]}, "no list of labels"),
    "other label": ({"annotated_labels": ["PER"]}, "does not name: LOC, MISC"),
    "weight 0": ({"weight": 0}, "no whole number"),
    "weight true": ({"weight": True}, "no whole number"),
    "weight half": ({"weight": 0.5}, "no whole number"),
}


@pytest.mark.parametrize(("extra", "what"), BAD.values(), ids=BAD)
def test_mixing_reading_refuses_bad_labels_and_weights_with_their_line(write_jsonl, extra, what):
    path = write_jsonl("bad.jsonl", [_text(0, True), {**_text(1, True), **extra}])
    with pytest.raises(UserError, match=what) as error:
        list(read_records(path))
    assert error.value.where == f"{path}, line 2"


def test_mixing_label_map_of_the_user_maps_annotated_labels_too(write_jsonl):
    from scripts.annotations.formats.base import ReadOptions

    line = {**_text(0, False), "annotated_labels": ["PER", "LOC", "DATE"]}
    path = write_jsonl("a.jsonl", [line])
    options = ReadOptions(labels={"LOC": "GPE", "DATE": None})
    (record,) = read_records(path, options)
    assert record.annotated_labels == {"PER", "GPE"}
    assert [span.label for span in record.spans] == ["PER", "GPE"]


def test_mixing_missing_places_and_annotators_words_pass_untouched(write_jsonl, tmp_path):
    line = {**_text(0, False), "missing": [[12, 17]], "note": "দেখা"}
    path = write_jsonl("a.jsonl", [line, _text(1, False)])
    spec = parse_spec({"lang": "bn", "train": [{"name": "a", "file": str(path)}]}, "mix.yml")
    mix(spec, tmp_path / "mix")
    before, after = (list(read_records(p)) for p in (path, tmp_path / "mix" / "train.jsonl"))
    assert [(r.text, r.spans, r.missing) for r in before] == [
        (r.text, r.spans, r.missing) for r in after
    ]
    assert after[0].meta["note"] == "দেখা"
    assert Span(0, 4, "PER") in after[0].spans


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real corpora are not beside the project")
@pytest.mark.project
def test_mixing_real_sets_lose_no_span(tmp_path):
    labels = {"person": "PER", "location": "LOC", "corporation": "ORG", "group": "ORG",
              "product": "MISC", "creative-work": "MISC"}  # fmt: skip
    value = {
        "lang": "en",
        "train": [
            {"name": "wnut", "file": str(SHARED / "wnut17_en" / "wnut17train.conll"),
             "labels": labels, "sample": 200},
            {"name": "wikiann", "file": str(SHARED / "wikiann_en" / "dev"), "sample": 200,
             "annotates": ["PER", "LOC", "ORG"]},
        ],
    }  # fmt: skip
    report = mix(parse_spec(value, "mix.yml"), tmp_path / "mix")
    settings = Settings(lang="en", near_duplicate=1.0)
    audit = convert({"train": tmp_path / "mix" / "train.jsonl"}, tmp_path / "corpus", settings)
    given_ = sum(sum(part["spans"].values()) for part in report["sets"])
    counts = [split["spans"] for split in audit["splits"].values()]
    assert sum(c["given"] for c in counts) == given_
    assert sum(c["missing"] + c["refused"] for c in counts) <= 0.01 * given_
    assert report["sets"][0]["read"] == 3394
