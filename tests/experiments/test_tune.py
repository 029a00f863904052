import json
import sys
from dataclasses import replace

import pytest

from scripts.common.errors import UserError
from scripts.experiments.evaluations import TableReader
from scripts.experiments.ranges import Range, as_options, read_ranges
from scripts.experiments.search import Search, load_optuna, run_search, tune_tables
from scripts.pipelines.config import SAMPLE_TRAINING, read_config

from .conftest import ROOT, Trainer

# Many drawings, or many trials: seconds each.
pytestmark = pytest.mark.project

RATE = "training.optimizer.learn_rate"
RANGES = f"""
{RATE}: {{low: 1e-4, high: 1e-2, log: true}}
training.dropout: {{low: 0, high: 0.5}}
components.ner.model.hidden_width: [64, 128]
"""
CPU = read_config(ROOT / "configs" / "ner_cpu.cfg")


def near_0_4(seed, options, docs):
    return 0.9 - abs(float(options["training.dropout"]) - 0.4)


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        path = tmp_path / "ranges.yml"
        path.write_text(text, encoding="utf8")
        return path

    return write


@pytest.fixture
def search(setup, write, tmp_path):
    pytest.importorskip("optuna", reason="requirements-tune.txt is not installed")
    return Search(setup, write(RANGES), trials=8, seed=0, output=tmp_path / "out")


def test_ranges_are_read_with_the_kind_of_the_config(write):
    ranges = read_ranges(
        write(RANGES + "training.patience: {low: 100, high: 900, step: 50}"), CPU, {}
    )
    rate, dropout, width, patience = ranges
    assert (rate.low, rate.high, rate.log) == (1e-4, 1e-2, True)
    # Written as a whole number, but the config has 0.1 there.
    assert isinstance(dropout.low, float)
    assert width.choices == (64, 128)
    assert (patience.low, patience.step) == (100, 50)
    assert isinstance(patience.low, int)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("training.droput: {low: 0.0, high: 1.0}", "no such setting"),
        ("training.batcher.size: {low: 1, high: 2}", "no such setting"),
        ("components.tok2vec.factory.@x: [a, b]", "no such setting"),
        ("training.eval_frequency: [50, 100]", "cannot be searched"),
        ("system.seed: {low: 0, high: 5}", "cannot be searched"),
        ("paths.dev: [a, b]", "cannot be searched"),
        ("training.score_weights.ents_p: [0.0, 1.0]", "cannot be searched"),
        ("training.dropout: {low: 0.5, high: 0.1}", "low must be below high"),
        ("training.dropout: {low: 0.0, high: 0.1, log: true}", "above 0 with log"),
        ("training.dropout: {low: 0.0}", "Not a range"),
        ("training.dropout: {low: 0.0, hihg: 0.1}", "Not a range"),
        ("training.dropout: {low: a, high: b}", "are numbers"),
        ("training.dropout: 0.1", "Not a range"),
        ("training.dropout: [0.1]", "two or more"),
        ("training.dropout: [[1], [2]]", "two or more"),
        ("nlp.before_creation: ['a b', c]", "command line"),
        ("", "names no settings"),
        ("a: [", "YAML"),
    ],
)
def test_ranges_refuse(write, text, said):
    with pytest.raises(UserError, match=said):
        read_ranges(write(text), CPU, {})


def test_ranges_name_what_was_probably_meant(write):
    with pytest.raises(UserError) as raised:
        read_ranges(write("training.droput: {low: 0.0, high: 1.0}"), CPU, {})
    assert "training.dropout" in raised.value.todo
    with pytest.raises(UserError) as raised:
        read_ranges(write("training.batcher.size: {low: 1, high: 2}"), CPU, {})
    assert "training.batcher.size.start" in raised.value.todo


@pytest.mark.parametrize(
    ("values", "inside", "outside"),
    [
        (Range("x", 0.0, 0.4), [0.0, 0.1, 0.4, 0], [0.5, -0.1, None, "0.1", True]),
        (Range("x", 50, 500, step=50), [50, 300], [75, 100.0, 550]),
        (Range("x", choices=(64, None)), [64, None], [64.0, 128, False]),
    ],
)
def test_range_holds_its_values(values, inside, outside):
    assert all(values.holds(value) for value in inside)
    assert not any(values.holds(value) for value in outside)


@pytest.mark.parametrize(
    ("file", "config"), [("tune.yml", "ner.cfg"), ("tune_cpu.yml", "ner_cpu.cfg")]
)
def test_committed_ranges_fit_their_config_and_hold_its_own_settings(file, config):
    loaded = read_config(ROOT / "configs" / config)
    for own in ({}, SAMPLE_TRAINING if config == "ner.cfg" else {}):
        for values in read_ranges(ROOT / "configs" / file, loaded, own):
            section = loaded
            for key in values.name.split("."):
                section = section[key]
            assert values.holds(own.get(values.name, section)), values.name


def test_as_options_come_back_as_the_values_they_were():
    values = {"a.b": 1.23456789012345e-05, "a.c": 3, "a.d": True, "a.e": None, "a.f": "mish"}
    words = as_options(values)
    assert words[::2] == [f"--{name}" for name in values]
    assert [json.loads(word) for word in words[1:-1:2]] == list(values.values())[:-1]


def test_table_reader_finds_f_in_the_rows_alone():
    reader = TableReader.of(CPU)
    assert reader.read("  0      40          6.74    382.92   41.25    3.00    2.00    0.41\n") == (
        40,
        pytest.approx(0.4125),
    )
    for line in ("E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  SCORE", "---  ------  ----", "",
                 "\x1b[38;5;4mℹ Initial learn rate: 0.001\x1b[0m", "dev 1 2 3"):  # fmt: skip
        assert reader.read(line) is None


def test_search_begins_with_the_own_settings_and_finds_better(search):
    trainer = Trainer(near_0_4)
    report = run_search(replace(search, trials=20), run=trainer)
    assert report["trials"][0]["own"]
    assert report["trials"][0]["settings"] == {
        RATE: 0.001, "training.dropout": 0.1, "components.ner.model.hidden_width": 64,
    }  # fmt: skip
    assert report["own_settings"]["dev_f"] == pytest.approx(0.6)
    assert report["best"]["dev_f"] > 0.8
    assert len(report["trials"]) == 20
    assert all(options["seed"] == "0" for options in trainer.trained)
    assert report["importance"]["training.dropout"] > 0.5
    assert tune_tables(report)[0].rows[0][0] == str(report["best"]["number"])


def test_search_best_settings_can_be_pasted(search):
    setup = replace(search.setup, options=("--training.max_steps", "40"))
    report = run_search(replace(search, setup=setup), run=Trainer(near_0_4))
    pasted = replace(search.setup, options=tuple(report["train_options"].split()))
    # srsly's reader keeps 15 digits.
    wanted = {"training.max_steps": 40, **report["best"]["settings"]}
    assert pasted.overrides() == pytest.approx(wanted, rel=1e-9)


def test_search_is_the_same_with_the_same_seed(search, tmp_path):
    reports = [
        run_search(replace(search, seed=seed, output=tmp_path / name), run=Trainer(near_0_4))
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    settings = [[row["settings"] for row in report["trials"]] for report in reports]
    assert settings[0] == settings[1] != settings[2]


def test_search_goes_on_as_if_it_had_not_been_interrupted(search, tmp_path):
    whole = run_search(search, run=Trainer(near_0_4))
    half = replace(search, output=tmp_path / "half", trials=4)
    run_search(half, run=Trainer(near_0_4))
    trainer = Trainer(near_0_4)
    resumed = run_search(replace(half, trials=8), run=trainer)
    assert len(trainer.trained) == 4
    assert [r["settings"] for r in resumed["trials"]] == [r["settings"] for r in whole["trials"]]


def test_search_tries_the_settings_of_a_killed_trial_again(search):
    class Killed(Trainer):
        def __call__(self, arguments, log, keep_on=None):
            if len(self.trained) == 3:
                raise KeyboardInterrupt
            return super().__call__(arguments, log, keep_on)

    with pytest.raises(KeyboardInterrupt):
        run_search(search, run=Killed(near_0_4))
    optuna = load_optuna()
    study = optuna.load_study(
        study_name="ner", storage=f"sqlite:///{search.output / 'study.sqlite3'}"
    )
    lost = [t for t in study.trials if t.state == optuna.trial.TrialState.RUNNING]
    assert len(lost) == 1
    # As if that process were gone.
    storage = study._storage
    storage.set_trial_user_attr(lost[0]._trial_id, "process", {**lost[0].user_attrs["process"],
                                                              "pid": 99999999})  # fmt: skip
    report = run_search(search, run=Trainer(near_0_4))
    assert len(report["trials"]) == 8
    assert lost[0].params in [row["settings"] for row in report["trials"]]
    assert all(row["state"] != "running" for row in report["trials"])


def test_search_ends_trials_that_fall_behind(search):
    def cliff(seed, options, docs):
        return 0.9 if float(options["training.dropout"]) < 0.3 else 0.1

    setup = replace(search.setup, options=("--training.eval_frequency", "50"))
    report = run_search(replace(search, setup=setup, trials=20), run=Trainer(cliff))
    pruned = [row for row in report["trials"] if row["state"] == "pruned"]
    assert pruned
    assert all(row["settings"]["training.dropout"] >= 0.3 for row in pruned)
    assert report["best"]["state"] == "complete"
    assert not list(search.output.rglob("model-*"))


def test_search_refuses_a_study_of_other_settings(search, write):
    run_search(replace(search, trials=1), run=Trainer(near_0_4))
    other = write("training.dropout: {low: 0.0, high: 0.3}")
    with pytest.raises(UserError, match="ranges differ"):
        run_search(replace(search, ranges=other), run=Trainer(near_0_4))


def test_search_gives_up_when_nothing_but_failures_comes(search):
    trainer = Trainer(near_0_4, fails=[0])
    with pytest.raises(UserError, match="No trial ended well"):
        run_search(search, run=trainer)
    assert len(trainer.trained) == 3


def test_search_in_parallel_runs_as_many_trials(search):
    report = run_search(replace(search, trials=10), run=Trainer(near_0_4), jobs=3)
    assert sorted(row["number"] for row in report["trials"]) == list(range(10))
    assert json.loads((search.output / "tune.json").read_text(encoding="utf8")) == report


def test_search_without_optuna_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError) as raised:
        load_optuna()
    assert "requirements-tune.txt" in raised.value.todo
