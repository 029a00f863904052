"""Metrics of version 2, several data sets, calibration, and how reading went."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.common.errors import UserError
from scripts.report import main
from scripts.reports.cautions import cautions

from .samples import RECORD, Files, Page, audit, calibration, metrics, metrics_v2

# Many drawings, or many trials: seconds each.
pytestmark = pytest.mark.project


def text_of(page: str) -> str:
    return " ".join(Page(page).text.split())


def test_page_version_1_says_what_it_lacks(files: Files) -> None:
    text = text_of(files.page())
    assert "These metrics know only the strict measure" in text
    assert "These metrics have no slices" in text
    assert "Tags of the tokens" not in text
    assert "Calibration of confidence" not in text


def test_page_version_2_shows_measures_slices_and_tags(files: Files) -> None:
    for name in ("dev", "test"):
        files.write(name, metrics_v2(name))
    text = text_of(files.page())
    for measure in ("strict", "exact", "partial", "type", "left", "right"):
        assert f"{measure} 80 5 0 15 5 100 90 88.9 80.0 84.2 80.2–88.2" in text
    assert "weighted – – – – 85.0 80.0 82.5" in text
    assert "unseen 5 0 – 0.0 0.0 0.0–4.0" in text
    assert "dev 91.3 90.0–93.0" in text
    assert "B-PER 3 50" in text
    assert "B-PER 89.3 94.3 91.7" in text
    assert "dev 1,100 94.2 93.0–95.0 80 73.1 70.0–76.0" in text


def test_page_one_split_of_each_version_is_shown(files: Files) -> None:
    files.write("test", metrics_v2("test"))
    text = text_of(files.page())
    assert "test, repaired gold: every measure" in text
    assert "dev, repaired gold: every measure" not in text


def test_page_mixture_has_a_column_a_data_set_and_shows_each_record_once(files: Files) -> None:
    names = ("test-news", "test-উইকি")
    for name in ("dev", "test", *names):
        files.write(name, metrics_v2(name))
        files.write_rows(files.errors(name), [RECORD])
    files.write_rows(files.errors("test"), [RECORD, RECORD])
    html = files.page()
    page = Page(html)
    shown = [a["data-dataset"] for _, a in page.tags if "data-dataset" in a]
    assert shown == ["dev", *names]
    head = " ".join(page.text.split()).partition("Mean, label or measure ")[2]
    assert head.startswith("dev 120 / 100 test 120 / 100 test-news 120 / 100 test-উইকি 120 / 100")
    assert "The records stand below, under the data sets that test is made of." in page.text


def test_inputs_part_without_its_whole_is_not_enough(files: Files) -> None:
    files.write("test-news", metrics_v2("test-news"))
    files.path("dev").unlink()
    files.path("test").unlink()
    with pytest.raises(UserError, match="No scores"):
        files.load()


def test_inputs_tag_matrix_must_be_square(files: Files) -> None:
    data = metrics_v2("dev")
    data["token_level"]["confusion"]["matrix"].pop()
    files.write("dev", data)
    with pytest.raises(UserError, match="3 by 3"):
        files.load()


def test_inputs_unknown_version_is_a_user_error(files: Files) -> None:
    files.write("dev", {**metrics("dev"), "version": 3})
    with pytest.raises(UserError, match="version"):
        files.load()


def test_page_calibration_is_shown_where_there_is_one(files: Files) -> None:
    files.write("calibration", calibration())
    html = files.page()
    text = text_of(html)
    assert "isotonic, fitted on dev (60 spans), against repaired gold" in text
    assert "dev 0.142 0.038 0.210 0.170 0.200" in text
    assert "test – – – – –" in text
    assert 'id="reliability-' in html
    assert 'id="risk-coverage-' in html


def test_report_draws_every_plot_of_the_new_parts(files: Files, tmp_path: Path) -> None:
    for name in ("dev", "test"):
        files.write(name, metrics_v2(name))
    files.write("calibration", calibration())
    boundary = {"kind": "boundary", "gold": [15, 25, "LOC"], "predicted": [10, 25, "LOC"]}
    files.write_rows(files.errors("dev"), [{**RECORD, "errors": [boundary]}])
    output = tmp_path / "reports"
    main(files.audit, files.log, files.metrics, output, "Report", files.config)
    names = {path.stem for path in (output / "plots").glob("*.png")}
    assert names >= {"slices", "confusion-tags", "boundaries", "reliability", "risk-coverage"}
    text = text_of((output / "index.html").read_text(encoding="utf8"))
    assert "dev: 1 boundary errors, 0 with both edges wrong" in text
    assert "start goes beyond 1 1 0 0 5 থেকে × 1" in text


def reading() -> dict:
    return {
        "format": "label_studio", "unit": "utf16", "assumed": ["the ends are exclusive"],
        "notices": {"label-dropped": {"count": 3, "spans": 4}},
        "labels": [{"label": "person", "used": "PER", "spans": 60},
                   {"label": "অন্য", "used": None, "spans": 4}],
        "agreement": [{"annotators": ["asha", "রহিম"], "texts": 9, "spans": [8, 7], "both": 6,
                       "f": 0.8, "kappa": None}],
    }  # fmt: skip


def test_page_says_how_the_files_were_read(files: Files) -> None:
    files.write("audit", {**audit(), "reading": {"train": reading()}})
    text = text_of(files.page())
    assert "train label_studio utf16 the ends are exclusive" in text
    assert "train label-dropped 3 4" in text
    assert "train person PER 60" in text
    assert "train অন্য dropped 4" in text
    assert "train asha / রহিম 9 8 / 7 6 80.0 –" in text
    assert "Reading the files" not in text_of(Files(files.audit.parents[1]).page())


def test_cautions_tell_spans_that_were_not_read(files: Files) -> None:
    files.write("audit", {**audit(), "reading": {"train": reading()}})
    assert "Spans of the file that were not read from train: label-dropped 4." in cautions(
        files.load()
    )


def test_page_plain_questions_are_counted_and_the_others_shown(files: Files) -> None:
    data = audit()
    [question] = data["hypotheses"]
    odd = {**question, "chosen": "utf16", "plain": False, "reason": "they do not fit"}
    data["hypotheses"] = [{**question, "plain": True}, odd]
    files.write("audit", data)
    text = text_of(files.page())
    assert "1 of 2 questions were plain" in text
    assert "they do not fit" in text
    assert "most spans fit" not in text


def test_cautions_scores_on_another_corpus_or_model(files: Files) -> None:
    files.write("dev", metrics_v2("dev"))
    test = {**metrics_v2("test"), "trained_on_this_corpus": False}
    test["corpus_md5"] = files.load().audit_md5
    files.write("test", test)
    found = cautions(files.load())
    assert "Scored on another corpus than the audited one: dev; evaluate again." in found
    [seen] = [caution for caution in found if "it may have seen" in caution]
    assert seen.endswith("texts of test.")


CONFIG = """
[training]

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = {rate}
"""
WARMUP = """
[training]

[training.optimizer]
@optimizers = "Adam.v1"

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = 200
total_steps = 400
initial_rate = 0.01
"""


def test_inputs_learning_rate_follows_the_schedule_of_the_config(files: Files) -> None:
    files.config.write_text(WARMUP, encoding="utf8")
    rates = files.load().log.rates or {}
    # thinc gives the first value to the update at step 0.
    assert [round(rates[step], 5) for step in (0, 100, 200, 300, 400)] == [
        0, 0.005, 0.01, 0.005, 0,
    ]  # fmt: skip
    assert "by the config's schedule" in files.page()


@pytest.mark.parametrize(
    ("config", "rate"),
    [
        (CONFIG.format(rate=0.001), 0.001),
        ("[training]\nseed = 0\n", None),
        (WARMUP.replace("warmup_linear", "mine"), None),
        ("[no config", None),
    ],
)
def test_inputs_learning_rate_is_constant_or_not_known(
    files: Files, config: str, rate: float | None
) -> None:
    files.config.write_text(config, encoding="utf8")
    rates = files.load().log.rates
    assert (set(rates.values()) if rates else None) == ({rate} if rate else None)
    assert ("The learning rate is not known" in files.page()) == (rate is None)


def test_report_png_has_numbers_for_names_that_need_shaping(files: Files, tmp_path: Path) -> None:
    for name in ("dev", "test"):
        data = metrics_v2(name)
        data["token_level"]["confusion"]["tags"] = ["O", "B-স্থান", "I-স্থান"]
        files.write(name, data)
    output = tmp_path / "reports"
    main(files.audit, files.log, files.metrics, output, "Report", files.config)
    key = (output / "plots" / "names.txt").read_text(encoding="utf8")
    assert key == "[1] স্থান\n"
    assert "B-স্থান" in (output / "plots" / "confusion-tags.svg").read_text(encoding="utf8")
    latin = json.loads(json.dumps(audit(), ensure_ascii=False).replace("স্থান", "ORG"))
    files.write("audit", latin)
    for name in ("dev", "test"):
        text = json.dumps(metrics_v2(name), ensure_ascii=False).replace("স্থান", "ORG")
        files.write(name, json.loads(text))
    main(files.audit, files.log, files.metrics, output, "Report", files.config)
    assert not (output / "plots" / "names.txt").exists()
