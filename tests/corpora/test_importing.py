"""Files from one format to another, through the commands."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import srsly
from typer.testing import CliRunner

from scripts.annotations.formats import FORMATS
from scripts.annotations.formats.base import ReadOptions
from scripts.common.errors import UserError
from scripts.corpora.importing import transfer

ROOT = Path(__file__).resolve().parents[2]
TEXT = "😀😀 রহিম ঢাকায় থাকেন"
# Offsets in UTF-16 units, and the words themselves.
UTF16 = {"text": TEXT, "label": [{"start": 5, "end": 9, "label": "PER", "text": "রহিম"}]}


def run(source, output, target="span-jsonl", **options):
    return transfer(source, output, target, ReadOptions(lang="bn", **options), ("IOB2", False))


def test_importing_reads_offsets_in_the_unit_that_the_words_prove(write_jsonl, tmp_path):
    result = run(write_jsonl("a.jsonl", [UTF16]), tmp_path / "out.jsonl")
    assert result.unit == "utf16"
    assert any("1 as UTF-16 code units" in reason for reason in result.reasons)
    assert list(srsly.read_jsonl(tmp_path / "out.jsonl")) == [
        {"text": TEXT, "label": [[3, 7, "PER"]]}
    ]
    assert not result.findings_path.exists()


def test_importing_lists_words_that_stand_elsewhere_and_keeps_them(write_jsonl, tmp_path):
    wrong = {"text": TEXT, "label": [{"start": 8, "end": 14, "label": "PER", "text": "রহিম"}]}
    result = run(write_jsonl("a.jsonl", [wrong]), tmp_path / "out.jsonl", offset_unit="codepoint")
    [finding] = srsly.read_jsonl(result.findings_path)
    assert (finding["words"], finding["found"]) == ("রহিম", "ঢাকায়"[:6])
    assert list(srsly.read_jsonl(tmp_path / "out.jsonl")) == [wrong]


@pytest.mark.parametrize(("words", "findings"), [("রহিম থাকেন", 0), ("রহিম খুলনায়", 1)])
def test_importing_compares_the_words_of_a_discontinuous_span(
    write_jsonl, tmp_path, words, findings
):
    span = {"start": 3, "end": 20, "label": "PER", "fragments": [[3, 7], [15, 20]], "text": words}
    source = write_jsonl("a.jsonl", [{"text": TEXT, "label": [span]}])
    result = run(source, tmp_path / "out.jsonl", offset_unit="codepoint")
    assert result.findings == findings
    [written] = srsly.read_jsonl(tmp_path / "out.jsonl")
    assert ("text" in written["label"][0]) == bool(findings)


def test_importing_refuses_offsets_inside_a_character(write_jsonl, tmp_path):
    half = {"text": TEXT, "label": [[1, 9, "PER"]]}
    with pytest.raises(UserError, match="inside a character") as caught:
        run(write_jsonl("a.jsonl", [half]), tmp_path / "out.jsonl", offset_unit="utf16")
    assert "line 1" in caught.value.where
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl"]


def test_importing_leaves_nothing_behind_where_a_line_is_bad(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(UTF16) + "\n{", encoding="utf8")
    with pytest.raises(UserError, match="not valid JSON"):
        run(path, tmp_path / "out.jsonl")
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_importing_never_writes_over_its_input(write_jsonl):
    path = write_jsonl("a.jsonl", [UTF16])
    with pytest.raises(UserError, match="output is the input"):
        run(path, path)


def test_importing_counts_agreement_and_label_variants(write_jsonl, tmp_path):
    both = {
        "text": "রহিম",
        "annotations": [
            {"start_offset": 0, "end_offset": 4, "label": label, "user": user}
            for user, label in ((1, "PER"), (2, "Per"))
        ],
    }
    result = run(write_jsonl("a.jsonl", [both, UTF16]), tmp_path / "out.jsonl")
    assert result.agreement[0]["annotators"] == ["1", "2"]
    assert result.variants == {"Per": "PER"}
    assert result.spans == 3


def command(name):
    module = importlib.import_module(f"scripts.{name}")
    import typer

    app = typer.Typer()
    app.command(epilog=module.EPILOG)(module.main)
    return app


@pytest.mark.parametrize("name", ["import", "export"])
def test_commands_help_lists_the_formats_of_the_registry(name):
    done = CliRunner().invoke(command(name), ["--help"], env={"COLUMNS": "5000"})
    assert done.exit_code == 0
    for known in FORMATS.values():
        listed = f"{known.name}: {known.title}" in done.output
        assert listed == (name == "import" or known.write is not None)


@pytest.mark.project
def test_commands_say_what_is_wrong_without_a_traceback(tmp_path):
    source = tmp_path / "a.txt"
    source.write_text("শুধু লেখা।\n", encoding="utf8")
    for arguments in (["import", source, tmp_path / "o"],
                      ["export", source, tmp_path / "o", "--to", "no"]):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", f"scripts.{arguments[0]}", *map(str, arguments[1:])],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "span-jsonl" in done.stdout


def test_commands_export_predictions_as_they_stand(write_jsonl, tmp_path):
    source = write_jsonl("a.jsonl", [{"text": TEXT, "label": [[3, 7, "PER"]], "id": 5}])
    app = command("export")
    output = tmp_path / "out.jsonl"
    done = CliRunner().invoke(app, [str(source), str(output), "--to", "span-jsonl", "--predicted"])
    assert done.exit_code == 0, done.output
    assert list(srsly.read_jsonl(output)) == list(srsly.read_jsonl(source))


def test_importing_refuses_texts_too_long_for_spacy(write_jsonl, tmp_path):
    path = write_jsonl("a.jsonl", [UTF16, {"text": "ক" * 1_000_001, "label": []}])
    with pytest.raises(UserError, match="1,000,001 characters") as caught:
        run(path, tmp_path / "out.jsonl")
    assert "line 2" in caught.value.where
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize("name", ["a.jsonl", "new.jsonl"])
def test_importing_writes_nothing_into_the_directory_that_it_reads(write_jsonl, tmp_path, name):
    before = write_jsonl("a.jsonl", [UTF16]).read_bytes()
    with pytest.raises(UserError, match="lies in the directory that is read"):
        run(tmp_path, tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]
    assert (tmp_path / "a.jsonl").read_bytes() == before


def test_importing_never_writes_findings_over_its_input(write_jsonl, tmp_path):
    path = write_jsonl("a.jsonl.findings.jsonl", [UTF16])
    with pytest.raises(UserError, match="output is the input"):
        run(path, tmp_path / "a.jsonl")
    assert path.exists()


def test_importing_counts_words_that_stand_elsewhere_among_the_notices(write_jsonl, tmp_path):
    wrong = {"text": TEXT, "label": [{"start": 8, "end": 14, "label": "PER", "text": "রহিম"}]}
    result = run(write_jsonl("a.jsonl", [wrong]), tmp_path / "out.jsonl", offset_unit="codepoint")
    assert result.log["notices"] == {"surface-mismatch": {"count": 1, "spans": 0}}


def test_commands_print_each_assumption_on_lines_of_its_own(write_jsonl, tmp_path):
    rows = [{"tokens": ["রহিম", "যান"], "ner_tags": ["B-PER", "O"]}]
    arguments = [str(write_jsonl("a.jsonl", rows)), str(tmp_path / "out.jsonl")]
    done = CliRunner().invoke(command("import"), arguments)
    assert done.exit_code == 0, done.output
    assert "\n1 texts were joined of tokens" in done.output
