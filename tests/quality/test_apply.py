import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.errors import UserError
from scripts.quality.apply import apply_decisions, read_decisions

RAHIM = {"id": "r1", "text": "রহিম ঢাকায় থাকেন", "label": [[0, 4, "PER"]], "score": 0.10}
KARIM = {"id": "k1", "text": "করিম চট্টগ্রামে 🙂 ঢাকা", "entities": [
    {"start_offset": 0, "end_offset": 4, "label": "LOC", "id": 7, "text": "করিম"}]}  # fmt: skip


def decision(record, line, name, given, suggestion, *, suspect=1, edited=None, **more):
    return {"suspect": suspect, "line": line, "text": record["text"], "decision": name,
            "given": given, "gold": given, "suggestion": suggestion, "edited": edited,
            "applicable": True, **more}  # fmt: skip


@pytest.fixture
def apply(write_jsonl, tmp_path):
    def run(decisions, records=(RAHIM, KARIM)):
        train = write_jsonl("train.jsonl", list(records))
        before = train.read_bytes()
        found = read_decisions(write_jsonl("decisions.jsonl", decisions))
        output = tmp_path / "fixed.jsonl"
        try:
            applied = apply_decisions(found, train, output)
        finally:
            assert train.read_bytes() == before
        return applied, [json.loads(line) for line in output.read_text("utf8").splitlines()]

    return run


def test_apply_adds_an_accepted_missed_span_and_nothing_else(apply):
    applied, (rahim, karim) = apply([decision(RAHIM, 1, "accept", None, [5, 11, "LOC"])])
    assert rahim == {**RAHIM, "label": [[0, 4, "PER"], [5, 11, "LOC"]]}
    assert list(rahim) == list(RAHIM)
    assert karim == KARIM
    assert applied.findings[0]["after_text"] == "ঢাকায়"
    assert applied.changes == {"added": 1}


def test_apply_removes_an_accepted_spurious_span(apply):
    _, (rahim, _) = apply([decision(RAHIM, 1, "accept", [0, 4, "PER"], None)])
    assert rahim["label"] == []


def test_apply_keeps_the_form_of_an_object_and_mends_its_surface(apply):
    asked = decision(KARIM, 2, "edit", [0, 4, "LOC"], None, edited=[5, 15, "LOC"])
    _, (_, karim) = apply([asked])
    assert karim["entities"] == [
        {"start_offset": 5, "end_offset": 15, "label": "LOC", "id": 7, "text": "চট্টগ্রামে"}
    ]


def test_apply_adds_in_the_form_of_the_records_other_spans_after_an_emoji(apply):
    _, (_, karim) = apply([decision(KARIM, 2, "accept", None, [18, 22, "LOC"])])
    assert karim["entities"][1] == {"start_offset": 18, "end_offset": 22, "label": "LOC"}
    assert karim["text"][18:22] == "ঢাকা"


@pytest.mark.parametrize("name", ["keep", "skip"])
def test_apply_changes_nothing_that_was_kept_or_skipped(apply, tmp_path, name):
    applied, _ = apply([decision(RAHIM, 1, name, [0, 4, "PER"], None)])
    assert not applied.findings
    assert (tmp_path / "fixed.jsonl").read_bytes() == (tmp_path / "train.jsonl").read_bytes()


def test_apply_lists_and_leaves_an_addition_that_would_overlap(apply):
    applied, (rahim, _) = apply([decision(RAHIM, 1, "accept", None, [2, 11, "ORG"])])
    assert rahim == RAHIM
    assert applied.changes == {"not-applied": 1}
    assert "overlap [0, 4, 'PER']" in applied.findings[0]["note"]


def test_apply_removes_before_it_adds(apply):
    asked = [decision(RAHIM, 1, "accept", None, [2, 11, "ORG"], suspect=1),
             decision(RAHIM, 1, "accept", [0, 4, "PER"], None, suspect=2)]  # fmt: skip
    applied, (rahim, _) = apply(asked)
    assert rahim["label"] == [[2, 11, "ORG"]]
    assert applied.changes == {"added": 1, "removed": 1}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (decision({"text": "রহিম ঢাকা থাকেন"}, 1, "keep", None, [5, 9, "LOC"]), "not the one"),
        (decision(RAHIM, 1, "accept", [0, 4, "ORG"], None), "is not there"),
        (decision(RAHIM, 9, "accept", None, [5, 11, "LOC"]), "shorter"),
        (decision(RAHIM, 1, "accept", None, [5, 99, "LOC"]), "is none"),
        (decision(RAHIM, 1, "maybe", None, None), "no decision"),
        (decision(RAHIM, 1, "accept", None, [5, 11, "LOC"], applicable=False), "code points"),
    ],
)
def test_apply_refuses_and_writes_nothing(apply, tmp_path, asked, message):
    with pytest.raises(UserError, match=message):
        apply([asked])
    assert not list(tmp_path.glob("fixed*"))


def test_apply_refuses_two_decisions_on_one_span(apply):
    asked = [decision(RAHIM, 1, "accept", [0, 4, "PER"], None, suspect=1),
             decision(RAHIM, 1, "accept", [0, 4, "PER"], [0, 4, "ORG"], suspect=2)]  # fmt: skip
    with pytest.raises(UserError, match="Two decisions"):
        apply(asked)


def test_apply_never_writes_over_its_input(write_jsonl):
    train = write_jsonl("train.jsonl", [RAHIM])
    with pytest.raises(UserError, match="the input"):
        apply_decisions([], train, train)


def test_apply_keeps_bom_line_ends_and_escapes(tmp_path, write_jsonl):
    train = tmp_path / "train.jsonl"
    raw = b"\xef\xbb\xbf" + (json.dumps(RAHIM) + "\r\n\r\n" + json.dumps(KARIM)).encode()
    train.write_bytes(raw)
    asked = write_jsonl("d.jsonl", [decision(RAHIM, 1, "accept", [0, 4, "PER"], [0, 4, "ORG"])])
    apply_decisions(read_decisions(asked), train, tmp_path / "fixed.jsonl")
    assert (tmp_path / "fixed.jsonl").read_bytes() == raw.replace(b'"PER"', b'"ORG"')


spans = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=4)


@given(spans, st.integers(0, 8), st.integers(1, 4), st.sampled_from(["PER", "LOC"]))
def test_apply_adds_exactly_one_span_or_none(tmp_path_factory, places, start, length, label):
    text = "কখগঘঙচছজঝঞটঠড"
    record = {"text": text, "label": [[a, min(a + n, 13), "X"] for a, n in places]}
    folder = tmp_path_factory.mktemp("apply")
    train, asked = folder / "t.jsonl", folder / "d.jsonl"
    train.write_text(json.dumps(record) + "\n", encoding="utf8")
    wanted = [start, start + length, label]
    asked.write_text(json.dumps(decision(record, 1, "accept", None, wanted)), encoding="utf8")
    applied = apply_decisions(read_decisions(asked), train, folder / "o.jsonl")
    after = json.loads((folder / "o.jsonl").read_text(encoding="utf8"))
    free = all(b <= start or start + length <= a for a, b, _ in record["label"])
    assert after == {**record, "label": [*record["label"], *([wanted] if free else [])]}
    assert len(applied.findings) == 1
