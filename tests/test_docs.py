"""What the documentation promises stands there, and is true."""

import re
import sys
from pathlib import Path

import pytest
import srsly

from scripts.annotations.faults import FAULTS

ROOT = Path(__file__).resolve().parents[1]
ALIGNMENT = (ROOT / "docs" / "alignment.md").read_text(encoding="utf8")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_docs_alignment_names_every_fault_and_its_policies(fault):
    row = next(line for line in ALIGNMENT.splitlines() if line.startswith(f"| `{fault.code}` |"))
    listed = re.sub(r"\([^)]*\)", "", row.split("|")[3])
    assert [word.strip() for word in listed.split(",")] == [p.value for p in fault.policies]


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
