"""Label Studio regions of HTML: the text that is shown, and places in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats.parts.html_text import normal_path, parse_html

from .label_studio_files import error, read


def annotation(*result: Any, **more: Any) -> dict[str, Any]:
    return {"result": list(result), **more}


def task(item: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    return {"data": {"text": text}, "annotations": [item], **more}


def html_region(path: str, start: int, end: int, text: str | None, **more: Any) -> dict[str, Any]:
    value = {"start": path, "end": path, "startOffset": start, "endOffset": end, **more}
    if text is not None:
        value["text"] = text
    value["hypertextlabels"] = ["PER"]
    return {"type": "hypertextlabels", "from_name": "ner", "to_name": "text", "value": value}


PAGE = (
    '<!DOCTYPE html>\n<html lang="ja">\n<head>\n  <meta charset="UTF-8">\n'
    "  <title>サンプル</title>\n</head>\n<body>\n\n  <h1>こんにちは！</h1>\n"
    "  <p>これはサンプルです。</p>\n\n</body>\n</html>\n"
)


def test_label_studio_html_is_read_as_shown_and_never_sliced(tmp_path: Path) -> None:
    marked = html_region(
        "/h1[1]/text()[1]", 0, 5, "こんにちは", globalOffsets={"start": 4, "end": 9}
    )
    [record], notices = read(tmp_path, [task(annotation(marked), text=PAGE)])
    [span] = record.spans
    assert record.text[span.start : span.end] == "こんにちは" == span.surface
    assert "<" not in record.text and "サンプル\n" not in record.text
    assert record.meta["html"] == PAGE
    assert not notices


@pytest.mark.parametrize(
    ("html", "marked", "found"),
    [
        ("<p>ক &amp; <b>করিম</b>!</p>", html_region("/div[1]/p[1]", 0, 9, "x"), None),
        ("<p>ক &amp; <b>করিম</b>!</p>", html_region("/p[1]/b[1]/text()[1]", 0, 4, "করিম"), "করিম"),
        ("<p>💩<br>ab</p>", html_region("/p/text()[2]", 0, 2, "ab"), "ab"),
        ("<p>💩ab</p>", html_region("/p[1]/text()[1]", 2, 4, "ab"), "ab"),
        ("<p>💩ab</p>", html_region("/p[1]/text()[1]", 1, 3, "ab"), "ab"),
        ("<p>💩abc</p>", html_region("/p[1]/text()[1]", 2, 3, None), None),
        ("<p>ab</p>", html_region("/p[1]/text()[1]", 0, 2, None), "ab"),
        ("<P>ক<!-- x -->খগ</P>", html_region("/P[1]/text()[2]", 0, 2, "খগ"), "খগ"),
        ("<table><tr><td>ক<td>খ</table>",
         html_region("/table[1]/tbody[1]/tr[1]/td[2]/text()[1]", 0, 1, "খ"), "খ"),
        ("<style>p{}</style><p>করিম<p>ঢাকা</p>",
         html_region("/x", 0, 0, "ঢাকা", globalOffsets={"start": 7, "end": 11}), "ঢাকা"),
        ("<div>ক</div>\r\n<div>খ</div>", html_region("/div[2]", 0, 1, "খ"), "খ"),
    ],
)  # fmt: skip
def test_label_studio_html_places_are_checked_by_their_words(
    tmp_path: Path, html: str, marked: Any, found: str | None
) -> None:
    anchor = html_region("/i[1]/text()[1]", 0, 4, "শেষ।")
    [record], notices = read(
        tmp_path, [task(annotation(marked, anchor), text=f"{html}<i>শেষ।</i>")]
    )
    surfaces = [record.text[span.start : span.end] for span in record.spans]
    assert surfaces == ([] if found is None else [found]) + ["শেষ।"]
    assert [(n.code, n.spans) for n in notices] == (
        [("surface-mismatch", 1)] if found is None else []
    )


def test_label_studio_html_without_any_region_found_is_refused(tmp_path: Path) -> None:
    marked = html_region("/h2[1]/text()[1]", 0, 5, "こんにちは")
    caught = error(tmp_path, [task(annotation(marked), text=PAGE, id=8)])
    assert "None of the 1 regions" in caught.what
    assert caught.where is not None and caught.where.endswith("line 2 (id 8)")
    assert caught.todo


def test_html_text_parts_cells_and_lines_but_not_words() -> None:
    page = parse_html("<ul><li>ক<b>র</b></li><li>ঢাকা</li></ul><table><tr><td>A<td>B</table>")
    assert page.text == "কর\nঢাকা\nA\tB"
    assert normal_path("./html/BODY[1]/p/text()") == "/p[1]/text()[1]"


@pytest.mark.parametrize(
    "html",
    ["", " ", "\x00", "<", "<!--", "&#xD800;&nope;", '<?xml version="1.0" encoding="x"?><p>ক',
     "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><p>&b;</p>", "<div>" * 5000 + "ক",
     "<frameset><frame></frameset>", "</div></div>ক", "<body>"],
)  # fmt: skip
def test_html_text_never_fails_and_expands_nothing(html: str) -> None:
    assert "root:" not in parse_html(html).text
