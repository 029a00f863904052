import json

import pytest

from scripts.checks.assets import check_assets
from scripts.checks.inputs import write_inputs
from scripts.checks.setup import write_setup
from scripts.checks.space import GIB, check_space
from scripts.checks.versions import check_versions, read_pins
from scripts.common.devices import Device


def test_read_pins_reads_exact_pins_alone(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# no\nspacy==3.8.18\n-r other.txt\nbuild>=1\n", encoding="utf8")
    assert read_pins(path) == {"spacy": "3.8.18"}


def test_check_versions_says_what_is_missing_or_other(monkeypatch):
    problems = check_versions({"pytest": "0.0.1", "no-such-package": "1.0"}, python=(3, 11))
    assert [p.fatal for p in problems] == [True, True]
    assert "0.0.1 is needed" in problems[0].what
    assert "not installed" in problems[1].what


def test_check_versions_takes_a_local_build_for_its_version(monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda _: "2.13.0+cpu")
    assert check_versions({"torch": "2.13.0"}, python=(3, 12)) == []


@pytest.mark.parametrize(
    ("version", "count"), [((3, 9), 1), ((3, 10), 0), ((3, 13), 0), ((3, 14), 1)]
)
def test_check_versions_of_python(version, count):
    assert len(check_versions({}, python=version)) == count


def test_check_assets_finds_changed_and_missing_files(tmp_path):
    (tmp_path / "changed").write_text("x")
    assets = [
        {"dest": "changed", "checksum": "0" * 32},
        {"dest": "absent", "checksum": "0" * 32},
        {"dest": "optional", "url": "https://example.org/x", "checksum": "0" * 32, "extra": True},
    ]
    problems = check_assets(tmp_path, assets)
    assert [p.what.split()[0] for p in problems] == ["changed", "absent"]
    assert "md5 into project.yml" in problems[0].mend.replace("its md5 ", "md5 ")


def test_check_assets_of_a_bad_download_says_how_to_mend_it(tmp_path):
    (tmp_path / "remote").write_text("half")
    asset = {"dest": "remote", "url": "https://example.org/x", "checksum": "0" * 32, "extra": True}
    (problem,) = check_assets(tmp_path, [asset])
    assert "Delete it" in problem.mend and "--extra" in problem.mend


def test_check_space_warns_without_stopping(tmp_path):
    (problem,) = check_space(tmp_path, large=True, free=2 * GIB)
    assert not problem.fatal
    assert check_space(tmp_path, large=False, free=2 * GIB) == []


def test_setup_changes_with_the_device_and_with_the_files_of_a_local_encoder(tmp_path):
    encoder, note = tmp_path / "encoder", tmp_path / "setup.json"
    encoder.mkdir()
    (encoder / "config.json").write_text("{}")

    def setup(gpu_id):
        write_setup(note, Device(gpu_id, "because"), str(encoder))
        return note.read_bytes()

    first = setup(-1)
    assert setup(-1) == first
    assert setup(0) != first
    (encoder / "config.json").write_text("{ }")
    assert setup(-1) != first


def test_inputs_note_the_files_that_variables_name_and_change_with_them(tmp_path):
    first, second, note = tmp_path / "a.jsonl", tmp_path / "map.yml", tmp_path / "inputs.json"
    first.write_text("1", encoding="utf8")
    second.write_text("2", encoding="utf8")
    words = [f"{first},{tmp_path / 'none'}", "--label-map", str(second), "--lang", "bn"]
    write_inputs(note, words)
    before = note.read_bytes()
    assert list(json.loads(before)) == [first.as_posix(), second.as_posix()]
    write_inputs(note, words)
    assert note.read_bytes() == before
    second.write_text("3", encoding="utf8")
    write_inputs(note, words)
    assert note.read_bytes() != before
