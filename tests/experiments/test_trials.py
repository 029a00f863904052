import json
from dataclasses import replace

import pytest
from scipy import stats

from scripts.common.errors import UserError
from scripts.experiments.summary import summarise
from scripts.experiments.trials import run_trials, trials_table

from .conftest import Trainer

SCORES = {0: 0.5, 1: 0.7, 2: 0.6, 3: 0.7}


def by_seed(seed, options, docs):
    return SCORES[seed]


def test_summarise_is_mean_sd_and_t_interval():
    summary = summarise([0.5, 0.7, 0.6, None])
    low, high = stats.t.interval(0.95, 2, loc=0.6, scale=stats.sem([0.5, 0.7, 0.6]))
    assert (summary["n"], summary["mean"], summary["sd"]) == (3, 0.6, 0.1)
    assert summary["ci"] == [pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6)]


def test_summarise_of_one_value_knows_no_spread():
    assert summarise([0.5])["sd"] is None
    assert summarise([0.5])["ci"] is None
    assert summarise([None])["mean"] is None


def test_summarise_interval_stays_between_0_and_1():
    assert summarise([0.01, 0.99])["ci"] == [0.0, 1.0]


def test_trials_report_scores_of_every_dataset_on_both_golds(setup, tmp_path):
    report = run_trials(setup, [0, 1, 2], tmp_path / "out", run=Trainer(by_seed))
    assert set(report["summary"]) == {"dev", "test"}
    assert report["summary"]["dev"]["repaired"]["mean"] == 0.6
    assert report["summary"]["test"]["as_given"]["mean"] == pytest.approx(0.3)
    assert json.loads((tmp_path / "out" / "trials.json").read_text(encoding="utf8")) == report
    rows = trials_table(report).rows
    assert rows[1] == ["1", "70.0", "50.0", "60.0", "40.0", "best on dev"]
    assert rows[3][1] == "60.0 ± 10.0"


def test_trials_keep_the_best_by_dev_and_the_first_of_equals(setup, tmp_path):
    report = run_trials(setup, [3, 0, 1], tmp_path, run=Trainer(by_seed))
    assert report["best"]["seed"] == 3
    meta = json.loads((tmp_path / "best" / "meta.json").read_text(encoding="utf8"))
    assert (meta["selected"]["seed"], meta["selected"]["of_seeds"]) == (3, [3, 0, 1])
    assert "dev" in meta["selected"]["note"]
    assert not list(tmp_path.glob("seed-*/model-last"))


def test_trials_run_again_trains_only_new_seeds(setup, tmp_path):
    first = run_trials(setup, [0, 1], tmp_path, run=Trainer(by_seed))
    trainer = Trainer(by_seed)
    report = run_trials(setup, [0, 1, 2], tmp_path, run=trainer)
    assert [row["seed"] for row in trainer.trained] == ["2"]
    assert report["seeds"][:2] == first["seeds"]


def test_trials_run_again_trains_a_seed_that_was_killed(setup, tmp_path):
    run_trials(setup, [0, 1], tmp_path, run=Trainer(by_seed))
    (tmp_path / "seed-1" / "run.json").unlink()
    trainer = Trainer(by_seed)
    run_trials(setup, [0, 1], tmp_path, run=trainer)
    assert [row["seed"] for row in trainer.trained] == ["1"]


@pytest.mark.parametrize("what", ["options", "train_md5", "corpus_md5", "config_md5"])
def test_trials_refuse_to_mix_with_those_of_other_settings(setup, corpus, tmp_path, what):
    run_trials(setup, [0], tmp_path / "out", run=Trainer(by_seed))
    if what == "options":
        setup = replace(setup, options=("--training.dropout", "0.3"))
    elif what == "config_md5":
        config = tmp_path / "other.cfg"
        config.write_bytes(setup.config.read_bytes() + b"\n")
        setup = replace(setup, config=config)
    else:
        name = {"train_md5": "train.spacy", "corpus_md5": "audit.json"}[what]
        source = "dev.spacy" if what == "train_md5" else "tokenizer/meta.json"
        (corpus / name).write_bytes((corpus / source).read_bytes())
    trainer = Trainer(by_seed)
    with pytest.raises(UserError, match=f"{what} differ"):
        run_trials(setup, [0, 1], tmp_path / "out", run=trainer)
    assert trainer.trained == []


def test_trials_go_on_after_a_failed_seed_and_say_so(setup, tmp_path):
    told = []
    report = run_trials(
        setup, [0, 1, 2], tmp_path, run=Trainer(by_seed, fails=[1]), done=told.append
    )
    assert [row["status"] for row in report["seeds"]] == ["finished", "failed", "finished"]
    assert (report["finished"], report["failed"]) == (2, 1)
    assert report["best"]["seed"] == 2
    assert "status 1" in told[1].error
    assert not (tmp_path / "seed-1").exists()


def test_trials_that_all_fail_are_an_error(setup, tmp_path):
    with pytest.raises(UserError, match="Every seed failed"):
        run_trials(setup, [0, 1], tmp_path, run=Trainer(by_seed, fails=[0, 1]))
    assert not (tmp_path / "trials.json").exists()


def test_trials_in_parallel_are_the_same(setup, tmp_path):
    one = run_trials(setup, [0, 1, 2, 3], tmp_path / "1", run=Trainer(by_seed))
    four = run_trials(setup, [0, 1, 2, 3], tmp_path / "4", run=Trainer(by_seed), jobs=4)
    for report in (one, four):
        for row in report["seeds"]:
            row.pop("seconds")
    assert one == four


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--system.seed", "1"), "system.seed cannot be set"),
        (("--training.seed", "1"), "training.seed cannot be set"),
        (("--paths.train", "x"), "paths.train cannot be set"),
        (("--training.logger.output_file", "x"), "cannot be set"),
        (("--trainin.max_steps", "1"), "cannot be read"),
        (("--seedz", "1"), "Not an option"),
    ],
)
def test_trials_refuse_options_before_any_training(setup, tmp_path, options, said):
    trainer = Trainer(by_seed)
    with pytest.raises(UserError, match=said):
        run_trials(replace(setup, options=options), [0], tmp_path, run=trainer)
    assert trainer.trained == []


def test_trials_need_a_corpus(setup, tmp_path):
    (setup.corpus / "dev.spacy").unlink()
    with pytest.raises(UserError, match=r"no dev\.spacy"):
        run_trials(setup, [0], tmp_path, run=Trainer(by_seed))
