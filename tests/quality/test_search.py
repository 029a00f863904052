"""From a file with errors put in to the files for review, with a pipeline that stands in."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.suspects_injection import KINDS, Injected, hits, inject, measure
from scripts.annotations.faults import Policy, default_policies
from scripts.annotations.formats.base import ReadOptions
from scripts.annotations.reading import read_records
from scripts.annotations.records import Span
from scripts.common.errors import UserError
from scripts.corpora.tokenizer import token_edges
from scripts.quality.apply import apply_decisions, read_decisions
from scripts.quality.cross import CrossSettings, cross_judge, train_in_process
from scripts.quality.review import PAGE, SUSPECTS, render_page, write_review
from scripts.quality.search import find_suspects
from scripts.quality.suspects import Suspect, kind_of, rank
from scripts.quality.texts import read_training_set

# Trains.
pytestmark = pytest.mark.project

OPTIONS = ReadOptions(lang="bn", format="span-jsonl", offset_unit="codepoint")

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = CrossSettings(folds=3)


@pytest.fixture
def found(write_jsonl, sentences, taught):
    sentences[3]["label"].pop()
    sentences[7]["label"][0][2] = "LOC"
    path = write_jsonl("train.jsonl", sentences)
    return find_suspects(
        path, OPTIONS, default_policies(), SETTINGS, train=lambda corpus, output, seed: taught
    )


def test_search_ranks_the_errors_first(found):
    assert [(s.line, s.kind) for s in found.suspects[:2]] in (
        [(4, "missed"), (8, "label")], [(8, "label"), (4, "missed")]
    )  # fmt: skip
    assert found.scores["f"] > 0.9


def test_search_judges_no_text_with_a_pipeline_trained_on_it(training_set, sentences, taught):
    from scripts.corpora.docbins import read_docs

    training = training_set(sentences)
    seen = []

    def train(corpus, output, seed):
        docs = read_docs([corpus / "train.spacy", corpus / "dev.spacy"], taught.vocab)
        seen.append({doc.text for doc in docs})
        return taught

    cross_judge(training, SETTINGS, train)
    texts = {text.text for text in training.texts}
    held_out = [texts - own for own in seen]
    assert set.union(*held_out) == texts
    assert sum(map(len, held_out)) == len(texts)


def test_search_takes_the_errors_back_through_review(found, tmp_path, write_jsonl, sentences):
    write_review(found, tmp_path / "suspects", limit=2, summary={})
    listed = (tmp_path / "suspects" / SUSPECTS).read_text(encoding="utf8")
    lines = [json.loads(line) for line in listed.splitlines()]
    asked = write_jsonl("d.jsonl", [{**line, "decision": "accept"} for line in lines])
    apply_decisions(read_decisions(asked), tmp_path / "train.jsonl", tmp_path / "fixed.jsonl")
    fixed = [json.loads(line) for line in (tmp_path / "fixed.jsonl").read_text("utf8").splitlines()]
    assert [r["label"] for r in fixed[3:8:4]] == [lines_label(r["text"]) for r in fixed[3:8:4]]


def lines_label(text):
    first, second = text.split(" ")[:2]
    return [[0, len(first), "PER"], [len(first) + 1, len(first) + 1 + len(second), "LOC"]]


@pytest.mark.parametrize("name", ["span-jsonl", "label-studio", "prodigy"])
def test_search_list_can_be_exported_to_annotation_tools(found, tmp_path, name):
    from scripts.corpora.importing import transfer

    write_review(found, tmp_path / "s", limit=2, summary={})
    options = ReadOptions(lang="bn")
    target = tmp_path / "out.json"
    result = transfer(tmp_path / "s" / SUSPECTS, target, name, options, ("IOB2", False))
    assert (result.records, result.spans) == (2, 4)
    assert result.source == "span-jsonl"
    assert [len(r.spans) for r in read_records(target, options)] == [2, 2]


def test_review_page_is_whole_and_no_text_breaks_out_of_it(found, tmp_path):
    write_review(found, tmp_path / "s", limit=1, summary={})
    page = (tmp_path / "s" / PAGE).read_text(encoding="utf8")
    assert "http://" not in page and "https://" not in page
    line = json.loads((tmp_path / "s" / SUSPECTS).read_text(encoding="utf8"))
    evil = render_page([{**line, "text": "</script><script>alert(1)</script> ঢাকা"}], "k")
    assert evil.count("</script>") == page.count("</script>")


def test_rank_joins_what_agrees_and_keeps_the_stronger_of_what_does_not(training_set):
    [text] = training_set([{"text": "ঢাকা শহর", "label": [[0, 4, "PER"]]}]).texts
    gold, loc, org = (Span(0, 4, label) for label in ("PER", "LOC", "ORG"))
    model = Suspect(text, gold, loc, 0.5, {"model": 0.5}, ("a",))
    surface = Suspect(text, gold, loc, 0.6, {"surface": 0.6}, ("b",))
    [joined] = rank([model, surface])
    assert joined.confidence == pytest.approx(0.8)
    assert joined.evidence == {"model": 0.5, "surface": 0.6}
    assert [s.suggestion for s in rank([Suspect(text, gold, org, 0.9), model])] == [org]


@pytest.mark.parametrize(
    ("gold", "suggestion", "kind"),
    [(None, Span(0, 1, "A"), "missed"), (Span(0, 1, "A"), None, "spurious"),
     (Span(0, 1, "A"), Span(0, 1, "B"), "label"), (Span(0, 1, "A"), Span(0, 2, "B"), "boundary")],
)  # fmt: skip
def test_kind_of_names_each(gold, suggestion, kind):
    assert kind_of(gold, suggestion) == kind


@pytest.mark.project
def test_training_failure_is_told(tmp_path):
    settings = CrossSettings(config=tmp_path / "none.cfg", steps=1)
    with pytest.raises(UserError, match="failed") as caught:
        train_in_process(settings, tmp_path, tmp_path / "out", 0)
    assert "no such config" in str(caught.value)


def test_injection_puts_in_a_quarter_of_each_kind(write_jsonl, sentences, nlp):
    records = list(read_records(write_jsonl("t.jsonl", sentences), OPTIONS))
    edges = [token_edges(nlp.make_doc(record.text)) for record in records]
    changed, errors = inject(records, edges, 0.1, 0)
    assert inject(records, edges, 0.1, 0) == (changed, errors)
    assert [e.kind for e in errors] == [kind for kind in KINDS for _ in range(6)]
    for error in errors:
        spans = set(changed[error.line - 1].spans)
        assert error.before not in spans
        assert error.after is None or error.after in spans


def test_injection_measures_by_hand(training_set):
    [text] = training_set([{"text": "ঢাকা শহর", "label": [[0, 4, "PER"]]}]).texts
    right = Suspect(text, Span(0, 4, "PER"), None, 0.9)
    wrong = Suspect(text, None, Span(5, 8, "LOC"), 0.95)
    errors = [Injected(1, "label", Span(0, 4, "LOC"), Span(0, 4, "PER")),
              Injected(2, "missed", Span(0, 1, "A"), None)]  # fmt: skip
    found = hits([wrong, right, right], errors)
    assert found == [None, "label", None]
    assert measure(found, errors)["average_precision"] == 0.25


@pytest.mark.project
def test_suspects_command_from_file_to_page(tmp_path):
    shutil.copy(ROOT / "assets" / "sample" / "dev.jsonl", tmp_path / "t.jsonl")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.suspects", "--train", tmp_path / "t.jsonl", "-o",
         tmp_path / "s", "--folds", "2", "--steps", "6"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    summary = json.loads((tmp_path / "s" / "summary.json").read_text(encoding="utf8"))
    assert summary["texts"] == 134
    assert summary["cross_prediction"]["tp"] + summary["cross_prediction"]["fn"] == summary["spans"]
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == [
        "summary.json", "surfaces.jsonl", "suspects.html", "suspects.jsonl"
    ]  # fmt: skip


def test_search_passes_over_labels_that_annotators_did_not_look_for(
    write_jsonl, sentences, taught, training_set
):
    # One set was not searched for LOC: that its places are unmarked there is no error.
    partial = [{**s, "label": s["label"][:1], "annotated_labels": ["PER"]} for s in sentences[60:]]
    found = find_suspects(
        write_jsonl("train.jsonl", [*sentences[:60], *partial]), OPTIONS, default_policies(),
        SETTINGS, train=lambda corpus, output, seed: taught,
    )  # fmt: skip
    assert not [s for s in found.suspects if s.kind == "missed"]
    assert found.scores["fp"] == 0


def test_cross_judge_counts_no_prediction_of_a_label_that_was_not_looked_for(
    sentences, taught, write_jsonl
):
    sentences[-1] = {**sentences[-1], "label": [], "annotated_labels": []}
    partial = [{**s, "label": s["label"][:1], "annotated_labels": ["PER"]} for s in sentences[:60]]
    path = write_jsonl("train.jsonl", [*partial, *sentences[60:]])
    policies = {**default_policies(), "unannotated-label": Policy.KEEP}
    training = read_training_set(path, OPTIONS, policies, near_duplicate=1.0)
    scores = cross_judge(training, SETTINGS, lambda corpus, output, seed: taught)[1]
    assert (scores["fp"], scores["tp"]) == (0, 60 + 2 * 59)
