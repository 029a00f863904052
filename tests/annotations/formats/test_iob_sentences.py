"""One sentence a line, its tokens with their tags behind bars."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.conll import FORMAT as CONLL
from scripts.annotations.formats.iob_sentences import FORMAT as SENTENCES
from scripts.annotations.records import Record
from scripts.common.errors import UserError


def write(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "file.iob"
    path.write_bytes(content.encode("utf8"))
    return path


def ents(records: list[Record]) -> list[tuple[str, str]]:
    return [(r.text[s.start : s.end], s.label) for r in records for s in r.spans]


def test_iob_sentences_are_read(tmp_path: Path) -> None:
    line = "করিম|NNP|B-PER ,|,|O ঢাকা|NNP|B-LOC\n"
    assert SENTENCES.sniff(read_head(write(tmp_path, line)))
    assert not CONLL.sniff(read_head(write(tmp_path, line)))
    path = write(tmp_path, line + "\n||:|O যান|VB|I-PER সে|PR\n")
    notices: list[Notice] = []
    first, second = SENTENCES.read(path, ReadOptions(lang="bn"), notices.append)
    assert first.text == "করিম, ঢাকা"
    assert ents([first, second]) == [("করিম", "PER"), ("ঢাকা", "LOC"), ("যান", "PER")]
    assert second.text == "| যান সে|PR"
    assert [second.text[a:b] for a, b in second.missing] == ["সে|PR"]
    assert [(n.code, n.line) for n in notices[1:]] == [("tag-repaired", 3), ("tag-missing", 3)]


def test_iob_sentences_refuses_dummies(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dummies"):
        list(SENTENCES.read(write(tmp_path, "করিম|O যান|O\n"), ReadOptions(), lambda notice: None))
