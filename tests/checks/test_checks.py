import pytest

from scripts.checks.assets import check_assets
from scripts.checks.space import GIB, check_space
from scripts.checks.variables import check_variables, given_variables, project_arguments
from scripts.checks.versions import check_versions, read_pins


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (["--vars.train", "x.jsonl"], ["train"]),
        (["--vars.gpu-id=0", "--force"], ["gpu_id"]),
        (["run", "all", "."], []),
    ],
)
def test_given_variables_reads_both_forms(line, names):
    assert given_variables(line) == names


def test_check_variables_finds_a_mistyped_one_and_what_was_meant():
    problems = check_variables(["train", "gpu_id"], ["trian"])
    assert len(problems) == 1
    assert "trian" in problems[0].what
    assert "--vars.train" in problems[0].mend


def test_project_arguments_reads_weasels_environment_variable():
    assert "--vars.seed=1" in project_arguments({"WEASEL_CONFIG_OVERRIDES": "--vars.seed=1"})


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
