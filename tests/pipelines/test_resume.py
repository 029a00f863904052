import pytest
import srsly

from scripts.common.errors import UserError
from scripts.pipelines.resume import keep_better, stage, unstage


def _model(folder, name, score):
    (folder / name).mkdir(parents=True)
    srsly.write_json(folder / name / "meta.json", {"performance": {"ents_f": score}})


def _score(folder, name):
    return srsly.read_json(folder / name / "meta.json")["performance"]["ents_f"]


def test_resume_keeps_the_better_of_two_best_models(tmp_path):
    _model(tmp_path, "model-last", 0.6)
    _model(tmp_path, "model-best", 0.75)
    staged = stage(tmp_path)
    _model(tmp_path, "model-last", 0.5)
    _model(tmp_path, "model-best", 0.5)
    assert keep_better(tmp_path, staged) == (0.5, 0.75)
    assert _score(tmp_path, "model-best") == 0.75
    assert not staged.exists()


def test_resume_killed_twice_does_not_forget_the_first_best(tmp_path):
    _model(tmp_path, "model-last", 0.6)
    _model(tmp_path, "model-best", 0.75)
    stage(tmp_path)
    _model(tmp_path, "model-last", 0.1)
    _model(tmp_path, "model-best", 0.1)
    staged = stage(tmp_path)
    assert _score(staged, "model-best") == 0.75
    assert _score(staged, "model-last") == 0.1


def test_resume_that_never_began_puts_everything_back(tmp_path):
    _model(tmp_path, "model-last", 0.6)
    _model(tmp_path, "model-best", 0.75)
    unstage(tmp_path, stage(tmp_path))
    assert _score(tmp_path, "model-best") == 0.75
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["model-best", "model-last"]


def test_resume_needs_a_saved_model(tmp_path):
    with pytest.raises(UserError, match="no saved pipeline"):
        stage(tmp_path)
