"""Scores as tables to print; every cell is text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..common.tables import Table

SLICES = {
    "surface": "surface",
    "entity_length": "entity length",
    "text_length": "text length",
}
MEASURES = {
    "strict": "strict: offsets and label",
    "exact": "exact: offsets",
    "partial": "partial: overlap counts half",
    "type": "type: label, and an overlap",
    "left": "left boundary and label",
    "right": "right boundary and label",
}


def strict_table(title: str, gold: dict[str, Any]) -> Table:
    """Strict scores on one gold: micro, macro, weighted, by label."""
    rows = [(f"all ({name})", gold[name]) for name in ("micro", "macro", "weighted")]
    rows += gold["labels"].items()
    header = ("", "P", "R", "F", "F 95 %", "TP", "FP", "FN")
    keys = ("tp", "fp", "fn")
    return Table(title, header, [_row(n, v, [v.get(key) for key in keys]) for n, v in rows])


def gold_tables(split: str, scores: dict[str, Any]) -> list[tuple[Table, str]]:
    """The strict scores on each gold, and on all spans where there are such, with what each is."""
    golds = {f"{name.replace('_', ' ')} gold": gold for name, gold in scores["gold"].items()}
    if "all_spans" in scores:
        golds["all spans"] = scores["all_spans"]
    return [
        (
            strict_table(f"{split}, {title}", gold),
            f"{gold['description']}. {scores['docs']} texts, {gold['spans']} spans.",
        )
        for title, gold in golds.items()
    ]


def measure_table(scores: dict[str, Any]) -> Table:
    """Every measure on repaired gold, F on gold as given beside it, and the token level."""
    repaired, given = (scores["gold"][name]["measures"] for name in ("repaired", "as_given"))
    keys = ("correct", "incorrect", "partial", "missed", "spurious")
    rows = [
        (*_row(MEASURES[name], v, [v[key] for key in keys]), percent(given[name]["f"]))
        for name, v in repaired.items()
    ]
    tokens = _row("tokens: IOB2 tags but O", scores["token_level"]["micro"], [None] * len(keys))
    header = ("", "P", "R", "F", "F 95 %", "COR", "INC", "PAR", "MIS", "SPU", "F as given")
    title = f"{scores['dataset']}, measures (SemEval-2013 task 9.1), repaired gold"
    return Table(title, header, [*rows, (*tokens, "–")])


def tags_table(scores: dict[str, Any]) -> Table:
    """P, R and F of every IOB2 tag, O included, on repaired gold."""
    level = scores["token_level"]
    matrix = level["confusion"]["matrix"]
    predicted = [sum(column) for column in zip(*matrix, strict=True)]
    rows = [
        (tag, *(percent(rates[key]) for key in "prf"), f"{sum(matrix[i]):,}", f"{predicted[i]:,}")
        for i, (tag, rates) in enumerate(level["tags"].items())
    ]
    header = ("", "P", "R", "F", "gold", "predicted")
    return Table(f"{scores['dataset']}, tags of the tokens (IOB2), repaired gold", header, rows)


def accuracy_line(scores: dict[str, Any]) -> str:
    """Accuracy over tokens and over words, in one sentence; both are high where most is O."""
    words = scores["word_level"]
    return (
        f"Accuracy over tokens {percent(scores['token_accuracy'])} (IOB2 tags), over words "
        f"{percent(words['accuracy'])}, over the {words['words_not_o']:,} of {words['words']:,} "
        f"words that are not O {percent(words['accuracy_not_o'])}; repaired gold"
    )


def slices_table(scores: dict[str, Any]) -> Table:
    """Strict scores by slice, on repaired gold."""
    rows = [
        _row(f"{SLICES[kind]}: {part['name']}", part, [part["gold"], part["predicted"]])
        for kind, parts in scores["slices"].items()
        for part in parts
    ]
    header = ("", "P", "R", "F", "F 95 %", "gold", "predicted")
    return Table(f"{scores['dataset']}, parts of it, strict, repaired gold", header, rows)


def datasets_table(columns: Sequence[tuple[str, dict[str, Any]]]) -> Table:
    """Scores of several data sets and their mixture side by side, one column each.

    Args:
        columns: Name and scores, the mixture last.
    """
    golds = [scores["gold"]["repaired"] for _, scores in columns]
    labels = sorted({label for gold in golds for label in gold["labels"]})
    rows = [
        ("texts", *(f"{scores['docs']:,}" for _, scores in columns)),
        ("gold spans", *(f"{gold['spans']:,}" for gold in golds)),
        ("F (micro)", *(percent(gold["micro"]["f"]) for gold in golds)),
        ("F 95 %", *(percents(gold["micro"].get("f_ci")) for gold in golds)),
        ("P (micro)", *(percent(gold["micro"]["p"]) for gold in golds)),
        ("R (micro)", *(percent(gold["micro"]["r"]) for gold in golds)),
        ("F (macro)", *(percent(gold["macro"]["f"]) for gold in golds)),
        *((f"F {label}", *(percent(gold["labels"].get(label, {}).get("f")) for gold in golds))
          for label in labels),
        ("F as given", *(percent(s["gold"]["as_given"]["micro"]["f"]) for _, s in columns)),
        ("token accuracy", *(percent(scores["token_accuracy"]) for _, scores in columns)),
        ("word accuracy", *(percent(s["word_level"]["accuracy"]) for _, s in columns)),
    ]  # fmt: skip
    title = "Data sets, strict, repaired gold where not said otherwise"
    return Table(title, ("", *(name for name, _ in columns)), rows)


def comparison_table(comparison: dict[str, Any]) -> Table:
    """F of two models, their difference, and the two p-values, for all labels and each."""
    rows = [("all (micro)", comparison["micro"]), *comparison["labels"].items()]
    header = ("", "F of A", "95 %", "F of B", "95 %", "B – A", "95 %", "p (random.)",
              "p (bootstr.)", "B ahead")  # fmt: skip
    cells = [
        (
            name,
            percent(row["f_a"]), percents(row["f_a_ci"]),
            percent(row["f_b"]), percents(row["f_b_ci"]),
            points(row["difference"]),
            "–" if row["difference_ci"] is None else
            " to ".join(points(end) for end in row["difference_ci"]),
            _p(row["p_randomisation"], comparison["rounds"]),
            _p(row["p_bootstrap"], comparison["rounds"]),
            percent(row["b_ahead"]),
        )
        for name, row in rows
    ]  # fmt: skip
    return Table("Strict F on repaired gold", header, cells)


def percent(value: float | None) -> str:
    """A fraction as a percentage."""
    return "–" if value is None else f"{value:.1%}"


def percents(interval: Sequence[float] | None) -> str:
    """An interval of fractions in percent."""
    return "–" if interval is None else f"{interval[0]:.1%}–{interval[1]:.1%}"


def points(value: float | None) -> str:
    """A difference of fractions in percentage points, with its sign."""
    return "–" if value is None else f"{100 * value:+.1f}"


def _p(value: float | None, rounds: int) -> str:
    """A p-value with the digits that so many rounds can bear."""
    if value is None:
        return "–"
    return f"< {2 / rounds:.2g}" if value < 2 / (rounds + 1) else f"{value:.4f}"


def _row(name: str, values: dict[str, Any], more: Sequence[int | None]) -> tuple[str, ...]:
    return (
        name,
        *(percent(values[key]) for key in "prf"),
        percents(values.get("f_ci")),
        *("" if number is None else f"{number:,}" for number in more),
    )
