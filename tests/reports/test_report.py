"""The report from its input files to the page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.errors import UserError
from scripts.report import main
from scripts.reports.build import write_report
from scripts.reports.cautions import cautions
from scripts.reports.inputs import MAX_RECORDS, Inputs, load_inputs
from scripts.reports.page import mark, render
from scripts.reports.plots import draw_all

VOID = {"meta", "br", "link", "img", "input", "hr"}
TEXT = "রহিম ঢাকা থেকে চট্টগ্রামে যান।"
RECORD = {
    "id": "dev-1",
    "source": "assets/sample/dev.jsonl:12",
    "text": TEXT,
    "gold": [[0, 4, "PER"], [5, 9, "LOC"], [15, 25, "LOC"]],
    "predicted": [[0, 4, "PER"], [5, 9, "স্থান"], [26, 29, "ORG"]],
    "ignored": [[10, 14]],
    "errors": [
        {"kind": "label", "gold": [5, 9, "LOC"], "predicted": [5, 9, "স্থান"]},
        {"kind": "missed", "gold": [15, 25, "LOC"], "predicted": None},
        {"kind": "spurious", "gold": None, "predicted": [26, 29, "ORG"]},
    ],
}


def score(tp: int, fp: int, fn: int) -> dict:
    rates = {
        "p": tp / (tp + fp) if tp + fp else None,
        "r": tp / (tp + fn) if tp + fn else None,
        "f": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None,
    }
    intervals = {
        f"{name}_ci": None if rate is None else [max(0, rate - 0.04), min(1, rate + 0.04)]
        for name, rate in rates.items()
    }
    return {**rates, **intervals, "tp": tp, "fp": fp, "fn": fn}


def metrics(split: str) -> dict:
    gold = {
        "description": "The annotations",
        "spans": 100,
        "micro": score(80, 10, 20),
        "macro": {"p": 0.5, "r": 0.25, "f": 0.333, "f_ci": [0.3, 0.4]},
        "labels": {"PER": score(50, 5, 10), "LOC": score(30, 5, 10), "স্থান": score(0, 0, 0)},
    }
    return {
        "version": 1,
        "split": split,
        "model": "training/model-best",
        "docs": 120,
        "tokens": 1500,
        "words_per_second": 5000.0,
        "token_accuracy": 0.97,
        "machine": {"cpu": "A CPU", "python": "3.11.7", "spacy": "3.8.18", "gpu": None},
        "seed": 0,
        "resamples": 1000,
        "gold": {"repaired": gold, "as_given": {**gold, "micro": score(70, 20, 30)}},
        "confusion": {
            "labels": ["LOC", "PER", "স্থান"],
            "matrix": [[30, 0, 1, 9], [0, 50, 0, 10], [0, 0, 0, 0], [5, 4, 0, 0]],
        },
    }


def audit() -> dict:
    split = {
        "docs": 120,
        "tokens": 1500,
        "characters": 9000,
        "spans": {"given": 110, "trainable": 107, "kept": 100, "repaired": 7, "missing": 2,
                  "refused": 1},
        "labels": {"PER": 60, "LOC": 40, "স্থান": 7},
        "token_lengths": {"mean": 12.5, "max": 130},
    }  # fmt: skip
    return {
        "version": 1,
        "lang": "bn",
        "seed": 0,
        "inputs": {"dev": {"path": "assets/sample/dev.jsonl", "md5": "0" * 32, "records": 120}},
        "splits": {"dev": split, "train": split, "test": split},
        "faults": [
            {"fault": "edge-whitespace", "description": "White space at an edge",
             "policy": "repair", "splits": {"train": {"repaired": 7}}},
            {"fault": "overlap", "description": "Overlap", "policy": "longest", "splits": {}},
        ],
        "record_faults": [
            {"fault": "train-in-dev", "description": "a text of dev", "policy": "drop",
             "splits": {"train": {"records": 80, "dropped": 80, "spans": 101}}},
        ],
        "hypotheses": [
            {"path": "assets/sample/dev.jsonl", "question": "offset unit", "chosen": "codepoint",
             "counts": {"codepoint": 950, "utf16": 12}, "reason": "most spans fit"},
        ],
        "split_method": "given",
        "policies": {"edge-whitespace": "repair"},
    }  # fmt: skip


def log_row(step: int, value: float) -> dict:
    scores = {"ents_f": 100 * value, "ents_p": 100 * value, "ents_r": 100 * value}
    return {"epoch": 0, "step": step, "losses": {"ner": 9.0}, "scores": scores, "score": value}


class Files:
    """The input files of a report in a directory of their own."""

    def __init__(self, root: Path) -> None:
        self.audit = root / "corpus" / "audit.json"
        self.log = root / "training" / "log.jsonl"
        self.metrics = root / "metrics"
        self.write("audit", audit())
        self.write_rows(self.log, [log_row(0, 0.0), log_row(200, 0.8), log_row(400, 0.7)])
        for split in ("dev", "test"):
            self.write(split, metrics(split))
            self.write_rows(self.errors(split), [RECORD])

    def errors(self, split: str) -> Path:
        return self.metrics / f"{split}.errors.jsonl"

    def path(self, name: str) -> Path:
        return self.audit if name == "audit" else self.metrics / f"{name}.json"

    def write(self, name: str, data: dict) -> None:
        self.write_rows(self.path(name), [data])

    def write_rows(self, path: Path, rows: list[dict]) -> None:
        path.parent.mkdir(exist_ok=True)
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        path.write_text("".join(lines), encoding="utf8")

    def load(self) -> Inputs:
        return load_inputs(self.audit, self.log, self.metrics)

    def page(self) -> str:
        inputs = self.load()
        return render(inputs, draw_all(inputs), title="Report")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


class Page(HTMLParser):
    """Checks that tags nest, and collects what the tests look at."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[str] = []
        self.marks: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "dd" and attributes.get("class") == "text":
            self.lines.append("")
        if tag == "mark":
            self.marks.append((attributes["class"] or "", attributes.get("data-tag") or "", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data
        if "dd" in self.open and self.lines:
            self.lines[-1] += data
        if "mark" in self.open:
            kind, tag, text = self.marks[-1]
            self.marks[-1] = (kind, tag, text + data)


def test_page_is_well_formed_html_with_unique_ids(files: Files) -> None:
    page = Page(files.page())
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    anchors = {a["href"] for tag, a in page.tags if tag in ("a", "use") and "href" in a}
    assert {f"#{name}" for name in ids} >= anchors


def test_page_loads_nothing_from_elsewhere(files: Files) -> None:
    html = files.page()
    for tag, attributes in Page(html).tags:
        assert tag not in ("link", "iframe", "img", "object", "base")
        assert "src" not in attributes
        for name in ("href", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "@import" not in html
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_page_shows_spans_at_their_offsets(files: Files) -> None:
    page = Page(files.page())
    assert page.lines == [TEXT] * 4  # gold and predicted line, dev and test
    marks = [(kind, tag, text) for kind, tag, text in page.marks if tag]
    assert marks[: len(marks) // 2] == [
        ("right", "PER", "রহিম"),
        ("label", "LOC · label", "ঢাকা"),
        ("missed", "LOC · missed", TEXT[15:25]),
        ("right", "PER", "রহিম"),
        ("label", "স্থান · label", "ঢাকা"),
        ("spurious", "ORG · spurious", TEXT[26:29]),
    ]
    assert f'<span class="ignored">{TEXT[10:14]}</span>' in files.page()


@given(st.data())
def test_mark_keeps_any_text_under_any_spans(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ক্ষা<>&\"' ।{}%", min_size=1, max_size=40))
    places = st.integers(0, len(text) - 1).flatmap(
        lambda start: st.tuples(st.just(start), st.integers(start + 1, len(text)))
    )
    labelled = st.builds(lambda place, label: (*place, label), places, st.sampled_from('A"<'))
    spans = data.draw(st.lists(labelled, max_size=5))
    kinds = dict.fromkeys(spans[::2], "missed")
    ignored = data.draw(st.lists(places, max_size=2))
    html = str(mark(text, spans, kinds, ignored, (0, len(text))))
    assert Page(f'<dl><dd class="text">{html}</dd></dl>').lines == [text]


def test_page_escapes_markup_wherever_it_comes_from(files: Files) -> None:
    evil = '<script>alert("x")</script>'
    text = f"ঢাকা {evil} & ।"
    span = [5, 5 + len(evil), f"L{evil}"]
    error = {"kind": "missed", "gold": span, "predicted": None}
    record = {"id": evil, "source": evil, "text": text, "gold": [span], "predicted": [],
              "ignored": [], "errors": [error]}  # fmt: skip
    files.write_rows(files.errors("dev"), [record])
    data = audit()
    data["splits"]["dev"]["labels"][evil] = 3
    data["faults"][0]["description"] = evil
    files.write("audit", data)
    inputs = files.load()
    html = render(inputs, draw_all(inputs), title=evil)
    page = Page(html)
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert text in page.lines
    keys = [json.loads(a["data-errors"] or "") for tag, a in page.tags if "data-errors" in a]
    assert [["missed", [f"L{evil}"]]] in keys


def test_page_undefined_scores_are_dashes(files: Files) -> None:
    data = metrics("dev")
    for gold in data["gold"].values():
        gold["micro"] = score(0, 0, 0)
        gold["macro"] = {"p": None, "r": None, "f": None, "f_ci": [None, None]}
    data["words_per_second"] = data["token_accuracy"] = None
    files.write("dev", data)
    text = Page(files.page()).text
    assert "– [–] P –, R –" in text
    assert "None" not in text


def test_page_names_the_gold_beside_the_score(files: Files) -> None:
    text = " ".join(Page(files.page()).text.split())
    assert "F on repaired gold, 100 spans 84.2 [80.2–88.2]" in text
    assert "F on gold as given, 100 spans 73.7 [69.7–77.7]" in text


def test_page_one_split_is_enough(files: Files) -> None:
    for split, other in (("dev", "test"), ("test", "dev")):
        files.write(split, metrics(split))
        files.path(other).unlink()
        page = Page(files.page())
        assert {a["data-split"] for _, a in page.tags if "data-split" in a} == {split}


def test_page_no_errors_and_one_evaluation(files: Files) -> None:
    files.write_rows(files.errors("dev"), [])
    files.write_rows(files.log, [log_row(0, 0.0)])
    assert "No errors." in Page(files.page()).text


def test_page_says_how_many_records_are_left_out_and_where(files: Files) -> None:
    files.write_rows(files.errors("dev"), [RECORD] * (MAX_RECORDS + 2))
    html = files.page()
    assert html.count('<article class="error" data-split="dev"') == MAX_RECORDS
    text = " ".join(Page(html).text.split())
    where = files.errors("dev").as_posix()
    assert f"The first 300 of 302 records with errors; the other 2 are in {where}" in text


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, 'contrast ratio')."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_page_colours_have_enough_contrast_in_light_and_dark(files: Files) -> None:
    style = files.page().split("</style>")[0]
    roots = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    assert len(roots) == 2
    for root in roots:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", root))
        shades = {
            name: "#" + "".join(f"{int(part):02x}" for part in parts.split())
            for name, parts in re.findall(r"--(hit|miss): ([\d ]+);", root)
        }
        for ground in ("paper", "panel"):
            for ink in ("ink", "dim", "right", "missed", "spurious", "label", "boundary"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
            for line in ("c0", "c1", "c2"):
                assert contrast(colours[line], colours[ground]) >= 3, (line, ground)
        for shade in shades.values():
            assert contrast(colours["ink"], shade) >= 4.5


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("corpus/audit.json", "convert"),
        ("training/log.jsonl", "train"),
        ("metrics/dev.errors.jsonl", "evaluate"),
    ],
)
def test_inputs_missing_file_names_the_command(
    files: Files, tmp_path: Path, path: str, command: str
) -> None:
    (tmp_path / path).unlink()
    with pytest.raises(UserError) as caught:
        files.load()
    assert f"project run {command}" in (caught.value.todo or "")
    assert path in Path(caught.value.where or "").as_posix()


def test_inputs_no_metrics_at_all_names_evaluate(files: Files) -> None:
    files.path("dev").unlink()
    files.path("test").unlink()
    with pytest.raises(UserError, match="evaluate"):
        files.load()


@pytest.mark.parametrize("cut", [b'{"epoch": 1, "st', '{"epoch": "ঢ'.encode()[:-1]])
def test_inputs_cut_last_line_of_the_log_is_left_out_and_told(files: Files, cut: bytes) -> None:
    with files.log.open("ab") as file:
        file.write(cut)
    inputs = files.load()
    assert len(inputs.log.rows) == 3
    assert any("cut off" in caution for caution in cautions(inputs))


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ('{"epoch": 1, "st\n' + json.dumps(log_row(0, 0.1)), "line 1"),
        (json.dumps({"epoch": 0, "step": 0}), "line 1"),
        ('{"epoch": 1, "st', "log.jsonl"),
        ("", "log.jsonl"),
        ("[1]", "line 1"),
    ],
)
def test_inputs_broken_log_is_a_user_error(files: Files, lines: str, where: str) -> None:
    files.log.write_text(lines, encoding="utf8")
    with pytest.raises(UserError) as caught:
        files.load()
    assert where in (caught.value.where or "")


@pytest.mark.parametrize("span", [[5, 999, "LOC"], [-1, 4, "LOC"], [4, 4, "LOC"], [9, 5, "LOC"]])
def test_inputs_span_outside_its_text_is_a_user_error(files: Files, span: list) -> None:
    files.write_rows(files.errors("dev"), [RECORD, {**RECORD, "predicted": [span]}])
    with pytest.raises(UserError, match=r"line 2 \(id dev-1\)"):
        files.load()


def test_inputs_wrong_form_names_the_field(files: Files) -> None:
    data = metrics("dev")
    del data["gold"]["repaired"]["micro"]["tp"]
    files.write("dev", data)
    with pytest.raises(UserError, match=r"gold\.repaired\.micro\.tp"):
        files.load()


def test_inputs_confusion_matrix_must_be_square(files: Files) -> None:
    data = metrics("dev")
    data["confusion"]["matrix"].pop()
    files.write("dev", data)
    with pytest.raises(UserError, match="4 by 4"):
        files.load()


def test_cautions_name_what_weakens_the_scores(files: Files) -> None:
    data = metrics("dev")
    data["gold"]["repaired"]["labels"]["LOC"] = score(20, 5, 9)
    data["gold"]["repaired"]["micro"]["f_ci"] = [0.7, 0.9]
    data["docs"] = 119
    files.write("dev", data)
    found = "\n".join(cautions(files.load()))
    assert "dev has fewer than 30 spans of LOC (29), স্থান (0)" in found
    assert "F on dev, repaired gold, is 20.0 points wide" in found
    assert "Spans refused: 1 of 110 in train" in found
    assert "dev was scored on 119 documents" in found
    assert "Records dropped from train: 80" in found
    assert "test was scored on" not in found


@pytest.mark.parametrize(
    ("values", "phrase"),
    [
        ([0.0, 0.0], "stayed at 0"),
        ([0.1, 0.5], "is the last one"),
        ([0.5, 0.5], None),
        ([0.5, 0.4], None),
    ],
)
def test_cautions_read_the_course_of_the_score(
    files: Files, values: list[float], phrase: str | None
) -> None:
    files.write_rows(files.log, [log_row(200 * i, value) for i, value in enumerate(values)])
    found = "\n".join(cautions(files.load()))
    for each in ("stayed at 0", "is the last one"):
        assert (each in found) == (each == phrase)


def test_cautions_label_that_train_lacks(files: Files) -> None:
    data = audit()
    data["splits"]["train"] = {**data["splits"]["train"], "labels": {"PER": 60, "LOC": 40}}
    files.write("audit", data)
    assert "Labels of dev that train has no span of: স্থান." in cautions(files.load())


def test_report_same_inputs_give_the_same_bytes(files: Files, tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        output = tmp_path / name / "reports"
        main(files.audit, files.log, files.metrics, output, "Report")
        paths = sorted(path for path in output.rglob("*") if path.is_file())
        contents.append({path.relative_to(output).as_posix(): path.read_bytes() for path in paths})
    assert contents[0] == contents[1]
    names = ("loss", "score", "labels", "confusion")
    plots = {f"plots/{name}.{suffix}" for name in names for suffix in ("png", "svg")}
    assert set(contents[0]) == {"index.html", *plots}


def test_report_replaces_an_older_report_and_nothing_else(files: Files, tmp_path: Path) -> None:
    output = tmp_path / "reports"
    (output / "plots").mkdir(parents=True)
    (output / "plots" / "old.svg").write_text("", encoding="utf8")
    notes = output / "notes.md"
    notes.write_text("mine", encoding="utf8")
    with pytest.raises(UserError, match=r"notes\.md"):
        write_report(files.load(), output, title="Report")
    assert notes.read_text(encoding="utf8") == "mine"
    notes.unlink()
    write_report(files.load(), output, title="Report")
    assert not (output / "plots" / "old.svg").exists()
    assert sorted(path.name for path in output.iterdir()) == ["index.html", "plots"]


def test_report_failure_leaves_the_older_report(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "reports"
    output.mkdir()
    (output / "index.html").write_text("old", encoding="utf8")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("scripts.reports.build.save", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(files.load(), output, title="Report")
    assert (output / "index.html").read_text(encoding="utf8") == "old"
    assert [path.name for path in tmp_path.glob(".reports*")] == []
