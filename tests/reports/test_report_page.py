"""The page of the report: whole, safe, and legible."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.reports.evaluations import MAX_RECORDS
from scripts.reports.marks import mark

from .samples import RECORD, TEXT, Files, Page, audit, log_row, metrics, score

# Every page draws all plots.
pytestmark = pytest.mark.project


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
    page = Page(files.page(title=evil))
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


def test_page_shows_all_spans_of_a_span_categorizer(files: Files) -> None:
    data = metrics("dev")
    every = {**data["gold"]["repaired"], "micro": score(61, 13, 29), "labels": {
        "LOC": score(20, 3, 9), "ভেতরের": score(41, 10, 20)}}  # fmt: skip
    files.write("dev", {**data, "all_spans": every})
    html = files.page()
    assert "All spans, before entities are chosen" in html
    table = html.split("All spans on dev")[-1].split("</table>")[0]
    assert re.findall(r'class="name">(.*?)</th>', table) == ["ভেতরের", "LOC", "micro", "macro"]
    assert all(f"<td>{n}</td>" in table for n in (90, 61, 13, 29))
    assert "All spans on test" not in html


def test_page_one_split_is_enough(files: Files) -> None:
    for split, other in (("dev", "test"), ("test", "dev")):
        files.write(split, metrics(split))
        files.path(other).unlink()
        page = Page(files.page())
        assert {a["data-dataset"] for _, a in page.tags if "data-dataset" in a} == {split}


def test_page_no_errors_and_one_evaluation(files: Files) -> None:
    files.write_rows(files.errors("dev"), [])
    files.write_rows(files.log, [log_row(0, 0.0)])
    assert "No errors." in Page(files.page()).text


def test_page_says_how_many_records_are_left_out_and_where(files: Files) -> None:
    files.write_rows(files.errors("dev"), [RECORD] * (MAX_RECORDS + 2))
    html = files.page()
    assert html.count('data-dataset="dev"') == MAX_RECORDS
    text = " ".join(Page(html).text.split())
    where = files.errors("dev").as_posix()
    assert f"The first 2,000 of 2,002 records with errors; the other 2 are in {where}" in text


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
            for line in ("c0", "c1", "c2", "c3", "c4"):
                assert contrast(colours[line], colours[ground]) >= 3, (line, ground)
        for shade in shades.values():
            assert contrast(colours["ink"], shade) >= 4.5
