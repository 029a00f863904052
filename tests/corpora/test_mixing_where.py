"""Sets that are a part of a file: MASSIVE keeps all partitions of a locale in one."""

from __future__ import annotations

import pytest
import srsly

from scripts.common.errors import UserError
from scripts.corpora.mix_spec import parse_spec
from scripts.corpora.mixing import mix


@pytest.fixture
def massive(write_jsonl):
    parts = ("train", "dev", "train", "test", "dev", "train")
    return write_jsonl(
        "bn-BD.jsonl",
        [
            {"id": str(i), "partition": part, "utt": f"আজ {i}টায় ঢাকায়",
             "annot_utt": f"[date : আজ] {i}টায় ঢাকায়"}
            for i, part in enumerate(parts)
        ],
    )  # fmt: skip


def _spec(file, train, **splits):
    sets = {"train": train, **splits}
    value = {split: [{"name": "m", "file": str(file), "where": w}] for split, w in sets.items()}
    return parse_spec({"lang": "bn", **value}, "mix.yml")


def _ids(path):
    return [line["id"] for line in srsly.read_jsonl(path)]


def test_mixing_where_takes_a_part_of_a_file(massive, tmp_path):
    spec = _spec(massive, {"partition": "train"}, dev={"partition": "dev"})
    report = mix(spec, tmp_path / "mix")
    assert _ids(tmp_path / "mix" / "train.jsonl") == ["m:0", "m:2", "m:5"]
    assert _ids(tmp_path / "mix" / "dev.jsonl") == ["m:1", "m:4"]
    assert report["sets"][0]["where"] == {"partition": "train"}
    assert report["sets"][0]["read"] == 3


def test_mixing_where_of_nothing_says_so(massive, tmp_path):
    with pytest.raises(UserError, match="no record with partition validation"):
        mix(_spec(massive, {"partition": "validation"}), tmp_path / "mix")


@pytest.mark.parametrize("dev", [{"partition": "train"}, {"id": "1"}])
def test_mixing_where_refuses_parts_that_may_overlap(massive, dev):
    with pytest.raises(UserError, match="are the same file"):
        _spec(massive, {"partition": "train"}, dev=dev)


@pytest.mark.parametrize("value", ["train", {}, {"partition": ["a"]}, {"a": True}, {1: "a"}])
def test_mixing_where_refuses_what_is_no_map_of_words(massive, value):
    with pytest.raises(UserError, match="where cannot be"):
        _spec(massive, value)
