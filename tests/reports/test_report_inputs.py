"""Reading what a report is made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.common.errors import UserError
from scripts.reports.cautions import cautions

from .samples import RECORD, Files, log_row, metrics


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
