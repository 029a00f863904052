"""What the documentation promises stands there, and is true."""

import re
import sys
import types
from pathlib import Path

import pytest
import srsly

from scripts.annotations import formats
from scripts.annotations.faults import FAULTS
from scripts.annotations.formats import FORMATS
from scripts.annotations.formats.base import NOTICES, ReadOptions
from scripts.annotations.reading import read_records
from scripts.common.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
FORMATS_PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf8")
ALIGNMENT = (ROOT / "docs" / "alignment.md").read_text(encoding="utf8")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_docs_alignment_names_every_fault_and_its_policies(fault):
    row = next(line for line in ALIGNMENT.splitlines() if line.startswith(f"| `{fault.code}` |"))
    listed = re.sub(r"\([^)]*\)", "", row.split("|")[3])
    assert [word.strip() for word in listed.split(",")] == [p.value for p in fault.policies]


@pytest.mark.parametrize("known", FORMATS.values(), ids=FORMATS)
def test_docs_formats_has_a_row_for_every_format(known):
    row = next(line for line in FORMATS_PAGE.splitlines() if line.startswith(f"| `{known.name}` |"))
    *_, ways, _ = row.split("|")
    assert ("write" in ways) == (known.write is not None)
    assert ("directory" in ways) == (known.directory and known.write is not None)
    units = {"auto": "evidence", "made": "made by|what each record says", "utf16": "UTF-16"}
    assert re.search(units.get(known.unit, "code points|made by") + "|as `label-studio`", row)


def test_docs_formats_names_every_notice():
    for code, meaning in NOTICES.items():
        assert f"| `{code}` | {meaning} |" in FORMATS_PAGE


def test_docs_formats_example_of_a_new_format_works(tmp_path, monkeypatch):
    code = FORMATS_PAGE.split("```python\n")[1].split("```")[0]
    assert len(code.splitlines()) <= 40
    module = types.ModuleType("scripts.annotations.formats.tab_spans")
    module.__package__ = "scripts.annotations.formats"
    exec(code, module.__dict__)
    # Before the others: text lines in columns are read by a format of their own.
    monkeypatch.setattr(formats, "FORMATS", {"tab-spans": module.FORMAT, **FORMATS})
    path = tmp_path / "spans.tsv"
    path.write_text("ঢাকায় বৃষ্টি\t0-6:LOC\nরহিম ঢাকায়\t0-4:PER 5-11:LOC\n", encoding="utf8")
    assert [len(record.spans) for record in read_records(path)] == [1, 2]
    path.write_text("ঢাকায় বৃষ্টি\t0-6:LOC\nরহিম\tPER\n", encoding="utf8")
    with pytest.raises(UserError, match="line 2"):
        list(read_records(path, ReadOptions(format="tab-spans")))


def test_docs_readme_is_fresh():
    sys.path.insert(0, str(ROOT))
    from tests.readme_is_fresh import generated_readme

    assert generated_readme() == (ROOT / "README.md").read_text(encoding="utf8")


def test_docs_readme_opens_with_the_two_commands():
    lines = (ROOT / "README.md").read_text(encoding="utf8").splitlines()
    commands = [line for line in lines if line.startswith("python -m pip install")]
    assert commands[:2] == [
        "python -m pip install -r requirements.txt && python -m spacy project run all",
        "python -m pip install -r requirements-dev.txt && python -m pytest",
    ]


def test_docs_sample_card_counts_are_those_of_the_files():
    card = (ROOT / "assets" / "sample" / "README.md").read_text(encoding="utf8")
    for split in ("train", "dev", "test"):
        records = list(srsly.read_jsonl(ROOT / "assets" / "sample" / f"{split}.jsonl"))
        labels = [span[2] for record in records for span in record["label"]]
        row = next(line for line in card.splitlines() if line.startswith(f"| {split}.jsonl"))
        numbers = [int(cell.replace(",", "")) for cell in row.split("|")[2:-1]]
        assert numbers[0] == len(records)
        assert numbers[2:] == [labels.count(label) for label in ("PER", "LOC", "ORG", "DATE")]
