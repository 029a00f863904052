"""A search for better settings, with Optuna: every trial is a training, F on dev the objective."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..common.errors import UserError
from ..common.files import new_file, write_json
from ..common.tables import Table
from .children import (
    ChildFailed,
    Interrupted,
    Runner,
    in_parallel,
    is_alive,
    remove,
    this_process,
)
from .evaluations import TableReader
from .ranges import Range, as_options, leaves, read_ranges
from .setup import Setup, check, dev_score, differences, machine, made_from, remove_models
from .summary import percent

RESULT = "tune.json"
DATABASE = "study.sqlite3"
STUDY = "ner"
INTERRUPTED = "interrupted_"
VERSION = 1
# A trial is not ended before this many evaluations, nor before this many others were finished.
EVALUATIONS_BEFORE_PRUNING = 3
TRIALS_BEFORE_PRUNING = 5
FAILURES = 3
IMPORTANCE_TRIALS = 10
NOTE = (
    "F on dev (repaired gold) of the best checkpoint. The best of many trials is above what a new "
    "training brings: dev chose it. Compare it with the config's own settings over several seeds "
    "(scripts.trials); test was not looked at"
)


def load_optuna() -> ModuleType:
    """Imports Optuna.

    Raises:
        UserError: It is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise UserError(
            "The search needs Optuna",
            todo="Install it: python -m pip install -r requirements-tune.txt",
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


@dataclass(frozen=True)
class Search:
    """A search.

    Args:
        setup: What the trainings have in common.
        ranges: File of the settings to search.
        trials: Trials in all, those of earlier runs and of other processes included.
        seed: Of the sampler, and of every training.
        output: Directory of the study.
    """

    setup: Setup
    ranges: Path
    trials: int
    seed: int
    output: Path


def run_search(
    search: Search,
    *,
    run: Runner,
    jobs: int = 1,
    stop: Callable[[], None] = lambda: None,
    done: Callable[[Mapping[str, Any]], None] = lambda row: None,
) -> dict[str, Any]:
    """Runs trials until there are enough and writes ``tune.json``.

    The sampler is a tree-structured Parzen estimator (Bergstra et al. 2011), seeded anew for every
    trial, so that with one job a search that was interrupted goes on as it would have. The first
    trial is the config's own settings, if they lie in the ranges.

    Args:
        search: The search.
        run: Runs a command.
        jobs: Trials at a time. Several processes may work on one study as well.
        stop: Ends what runs.
        done: Is told of every trial as it ends.

    Returns:
        What ``tune.json`` holds.

    Raises:
        UserError: Nothing can be trained, the study is of other settings, or no trial ended well.
    """
    optuna = load_optuna()
    check(search.setup)
    settings = search.setup.settings()
    config = search.setup.ready()
    ranges = read_ranges(search.ranges, config, settings)
    study = _open(optuna, search, ranges, config)
    origin = {**made_from(search.setup), "ranges": {r.name: r.as_json() for r in ranges}}
    _claim(study, {**origin, "seed": search.seed})
    _give_up_lost(optuna, study)
    present = {**dict(leaves(config)), **settings}
    own = {r.name: present[r.name] for r in ranges}
    if not study.get_trials(deepcopy=False) and all(r.holds(own[r.name]) for r in ranges):
        study.enqueue_trial(own, user_attrs={"own": True})
    worker = _Worker(optuna, study, search, ranges, TableReader.of(config), run, done)
    for _ in in_parallel([worker.work] * jobs, jobs, stop):
        pass
    report = _report(optuna, study, search, origin)
    with new_file(search.output / RESULT) as temporary:
        write_json(temporary, report)
    return report


class _Worker:
    """Runs one trial after the other; several threads share one."""

    def __init__(
        self,
        optuna: ModuleType,
        study: Any,
        search: Search,
        ranges: Sequence[Range],
        reader: TableReader,
        run: Runner,
        done: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.optuna = optuna
        self.study = study
        self.search = search
        self.distributions = {r.name: _distribution(optuna, r) for r in ranges}
        self.reader = reader
        self.run = run
        self.done = done
        self.lock = threading.Lock()

    def work(self) -> None:
        """Runs trials until there are enough, or nothing but failures."""
        while (trial := self._ask()) is not None:
            self._try(trial)
            frozen = self.study.get_trials(deepcopy=False)[trial.number]
            with self.lock:
                self.done(_row(frozen))

    def _ask(self) -> Any:
        with self.lock:
            counted = _counted(self.study)
            states = [trial.state.name for trial in counted]
            hopeless = set(states) == {"FAIL"} and len(states) >= FAILURES
            if len(counted) >= self.search.trials or hopeless:
                return None
            self.study.sampler = self.optuna.samplers.TPESampler(
                seed=self.search.seed + len(counted), n_startup_trials=10, constant_liar=True
            )
            trial = self.study.ask(self.distributions)
            trial.set_user_attr("process", this_process())
            return trial

    def _try(self, trial: Any) -> None:
        folder = self.search.output / "trials" / f"{trial.number:04d}"
        remove(folder)

        def keep_on(line: str) -> bool:
            found = self.reader.read(line)
            if found is None:
                return True
            trial.report(found[1], found[0])
            return not trial.should_prune()

        states = self.optuna.trial.TrialState
        options = as_options(trial.params)
        arguments = self.search.setup.train(folder, self.search.seed, *options)
        try:
            if self.run(arguments, folder / "output.txt", keep_on):
                self.study.tell(trial, dev_score(folder))
            else:
                self.study.tell(trial, state=states.PRUNED)
        except ChildFailed as error:
            trial.set_user_attr("error", str(error))
            self.study.tell(trial, state=states.FAIL)
        except Interrupted:
            _give_up(self.optuna, self.study, trial)
            raise
        finally:
            remove_models(folder)


def tune_tables(report: Mapping[str, Any], most: int = 10) -> list[Table]:
    """The best trials, and what the settings matter where enough trials say so."""
    names = list(report["made_from"]["ranges"])
    finished = [row for row in report["trials"] if row["state"] == "complete"]
    finished.sort(key=lambda row: (-row["dev_f"], row["number"]))
    rows = [
        [
            str(row["number"]) + (" (own settings)" if row["own"] else ""),
            percent(row["dev_f"]),
            *(_short(row["settings"][name]) for name in names),
        ]
        for row in finished[:most]
    ]
    title = f"Best {len(rows)} of {len(report['trials'])} trials, F on dev (repaired gold)"
    tables = [Table(title, ["trial", "dev F", *(_tail(name, names) for name in names)], rows)]
    if report["importance"]:
        shares = [[name, percent(share)] for name, share in report["importance"].items()]
        tables.append(Table("Share in the spread of F, percent (PED-ANOVA)", ["", "%"], shares))
    return tables


def _open(optuna: ModuleType, search: Search, ranges: Sequence[Range], config: Any) -> Any:
    """Opens the study, or makes it."""
    search.output.mkdir(parents=True, exist_ok=True)
    every = config["training"]["eval_frequency"]
    storage = optuna.storages.RDBStorage(
        f"sqlite:///{(search.output / DATABASE).as_posix()}",
        # Other processes write to it too; SQLite lets one at a time.
        engine_kwargs={"connect_args": {"timeout": 100}},
    )
    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=TRIALS_BEFORE_PRUNING,
        n_warmup_steps=EVALUATIONS_BEFORE_PRUNING * every,
        n_min_trials=TRIALS_BEFORE_PRUNING,
    )
    return optuna.create_study(
        storage=storage, pruner=pruner, study_name=STUDY, direction="maximize", load_if_exists=True
    )


def _claim(study: Any, origin: dict[str, Any]) -> None:
    """Writes into a new study what it is of; refuses one that is of something else."""
    before = study.user_attrs.get("made_from")
    if before is None:
        study.set_user_attr("made_from", origin)
    elif differing := differences(before, origin):
        raise UserError(
            f"The study is of other settings: {', '.join(differing)} differ",
            where=DATABASE,
            todo="Name another directory with --output, or remove the old one.",
        )


def _give_up_lost(optuna: ModuleType, study: Any) -> None:
    """Puts trials whose process was killed back into the queue."""
    states = (optuna.trial.TrialState.RUNNING,)
    for trial in study.get_trials(deepcopy=False, states=states):
        owner = trial.user_attrs.get("process")
        if owner is None or not is_alive(owner):
            _give_up(optuna, study, trial)


def _give_up(optuna: ModuleType, study: Any, trial: Any) -> None:
    """Ends a trial that was interrupted, and queues its settings for the next one."""
    own = trial.user_attrs.get("own", False)
    study.set_user_attr(f"{INTERRUPTED}{trial.number}", True)
    study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    study.enqueue_trial(trial.params, user_attrs={"own": own})


def _distribution(optuna: ModuleType, values: Range) -> Any:
    kinds = optuna.distributions
    if values.choices:
        return kinds.CategoricalDistribution(values.choices)
    if isinstance(values.low, int):
        return kinds.IntDistribution(values.low, values.high, values.log, values.step or 1)
    return kinds.FloatDistribution(values.low, values.high, values.log, values.step)


def _counted(study: Any) -> list[Any]:
    """The trials that are among those asked for: not waiting, and not interrupted."""
    notes = study.user_attrs
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state.name != "WAITING" and f"{INTERRUPTED}{trial.number}" not in notes
    ]


def _row(trial: Any) -> dict[str, Any]:
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "own": bool(trial.user_attrs.get("own")),
        "dev_f": None if trial.value is None else round(trial.value, 6),
        "last_step": trial.last_step,
        "settings": trial.params,
        "error": trial.user_attrs.get("error"),
    }


def _report(
    optuna: ModuleType, study: Any, search: Search, origin: dict[str, Any]
) -> dict[str, Any]:
    rows = [_row(trial) for trial in _counted(study)]
    finished = [row for row in rows if row["state"] == "complete"]
    if not finished:
        errors = [row["error"] for row in rows if row["error"]]
        raise UserError("No trial ended well", where=errors[-1] if errors else None)
    best = max(finished, key=lambda row: (row["dev_f"], -row["number"]))
    states = [row["state"] for row in rows]
    given = search.setup.overrides()
    return {
        "version": VERSION,
        "made_from": origin,
        "machine": machine(),
        "seed": search.seed,
        "objective": NOTE,
        "counts": {state: states.count(state) for state in ("complete", "pruned", "fail")},
        "best": best,
        "train_options": " ".join(
            [*search.setup.with_options(), *as_options({**given, **best["settings"]})]
        ),
        "own_settings": next((row for row in finished if row["own"]), None),
        "importance": _importance(optuna, study, len(finished)),
        "trials": rows,
    }


def _importance(optuna: ModuleType, study: Any, finished: int) -> dict[str, float] | None:
    """Shares of the settings in the spread of F (PED-ANOVA, Watanabe et al. 2023)."""
    if finished < IMPORTANCE_TRIALS:
        return None
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    try:
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    except (RuntimeError, ValueError):  # too little differs
        return None
    return {name: round(float(share), 4) for name, share in shares.items()}


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _tail(name: str, names: Sequence[str]) -> str:
    """The last part of a name, or all of it where another has the same."""
    tail = name.rpartition(".")[2]
    return name if [other.rpartition(".")[2] for other in names].count(tail) > 1 else tail
