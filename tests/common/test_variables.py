import pytest

from scripts.common.errors import UserError
from scripts.common.variables import given_variables, project_arguments, refuse_unknown


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


def test_refuse_unknown_names_a_mistyped_one_and_what_was_meant():
    with pytest.raises(UserError, match="trian") as error:
        refuse_unknown(["train", "gpu_id"], ["gpu_id", "trian"])
    assert "--vars.train" in error.value.todo


def test_project_arguments_reads_weasels_environment_variable():
    assert "--vars.seed=1" in project_arguments({"WEASEL_CONFIG_OVERRIDES": "--vars.seed=1"})
