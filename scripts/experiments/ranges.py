"""Which settings of a config a search may change, and between which values."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly

from ..common.errors import UserError
from .setup import REFUSED

Value = bool | int | float | str | None

# With more evaluations the best of them is higher by chance, and trials would not be compared at
# the same steps.
FIXED = {**REFUSED, "training.eval_frequency": "trials are compared at the same steps"}
KEYS = {"low", "high", "log", "step"}


@dataclass(frozen=True)
class Range:
    """The values that one setting may take: choices, or all between two numbers.

    Args:
        name: Setting, as ``section.key``.
        low: Least value.
        high: Largest value; both are whole numbers or both are not.
        log: Whether to draw on a logarithmic scale.
        step: Distance of the values; None for whole numbers means 1, else any.
        choices: The values, if it is no range of numbers.
    """

    name: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    choices: tuple[Value, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether a value is one of those."""
        if self.choices:
            return any(value == c and type(value) is type(c) for c in self.choices)
        if not _is_number(value) or not self.low <= value <= self.high:  # type: ignore[operator]
            return False
        if isinstance(self.low, int) and not isinstance(value, int):
            return False
        steps = (value - self.low) / self.step if self.step else 0.0
        return abs(steps - round(steps)) < 1e-9

    def as_json(self) -> dict[str, Any]:
        """The range as it could stand in the file."""
        if self.choices:
            return {"choices": list(self.choices)}
        bounds = {"low": self.low, "high": self.high, "log": self.log}
        return bounds | ({"step": self.step} if self.step is not None else {})


def read_ranges(path: Path, config: Mapping[str, Any], own: Mapping[str, Any]) -> list[Range]:
    """Reads a YAML file of ranges and checks it against the config that they are for.

    Args:
        path: Names of settings to ``{low, high, log, step}`` or to a list of choices.
        config: The config, not interpolated.
        own: What train sets on the config by itself, by name.

    Returns:
        The ranges, in the file's order.

    Raises:
        UserError: The file cannot be read, a setting is not in the config or must not be
            changed, or a range is not one.
    """
    if not path.is_file():
        raise UserError("There is no file of ranges", where=str(path))
    try:
        data = srsly.read_yaml(path)
    except ValueError as error:
        raise UserError("The YAML cannot be read", where=str(path), todo=str(error)) from None
    if not isinstance(data, dict) or not data:
        raise UserError(
            "The file names no settings",
            where=str(path),
            todo="It holds lines such as: training.dropout: {low: 0.0, high: 0.4}",
        )
    known = dict(leaves(config))
    ranges = []
    for name, values in data.items():
        where = f"{path}, {name}"
        _check_name(str(name), known, where)
        present = own.get(name, known[name])
        ranges.append(_range(str(name), values, present, where))
    return ranges


def leaves(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The settings of a config, as ``section.key`` and value; an empty section is none."""
    for key, value in section.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, Mapping):
            yield from leaves(value, name)
        else:
            yield name, value


def as_options(settings: Mapping[str, Value]) -> list[str]:
    """Settings as words of train's command line."""
    return [word for name, value in settings.items() for word in (f"--{name}", _text(value))]


def _text(value: Value) -> str:
    # srsly's writer would round.
    return value if isinstance(value, str) else json.dumps(value)


def _check_name(name: str, known: Mapping[str, Any], where: str) -> None:
    for start, why in FIXED.items():
        if f"{name}.".startswith(f"{start}."):
            raise UserError(f"{name} cannot be searched", where=where, todo=f"Because {why}.")
    if name in known and "@" not in name:
        return
    below = [other for other in known if other.startswith(f"{name}.") and "@" not in other]
    near = below or difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {' or '.join(near[:3])}?" if near else ""
    raise UserError("The config has no such setting", where=where, todo=hint or None)


def _range(name: str, values: Any, present: Any, where: str) -> Range:
    if isinstance(values, Mapping) and set(values) == {"choices"}:
        values = values["choices"]
    if isinstance(values, list):
        return Range(name, choices=_choices(values, where))
    if not isinstance(values, Mapping) or not {"low", "high"} <= set(values) <= KEYS:
        raise UserError(
            "Not a range",
            where=where,
            todo="Write {low: 0.0, high: 0.4}, with log: true or step: 0.1 if need be, or a "
            "list of choices.",
        )
    low, high, log, step = (values.get(key) for key in ("low", "high", "log", "step"))
    numbers = [low, high] + ([] if step is None else [step])
    if not all(_is_number(number) for number in numbers) or not isinstance(log or False, bool):
        raise UserError("low, high and step are numbers, log is true or false", where=where)
    if low >= high or (log and low <= 0) or (step is not None and (step <= 0 or log)):
        raise UserError(
            "low must be below high, above 0 with log, and step above 0 and without log",
            where=where,
        )
    if isinstance(present, float) or not all(isinstance(number, int) for number in numbers):
        low, high, step = (None if n is None else float(n) for n in (low, high, step))
    return Range(name, low, high, bool(log), step)


def _choices(values: list[Any], where: str) -> tuple[Value, ...]:
    simple = all(value is None or isinstance(value, (bool, int, float, str)) for value in values)
    different = len({(type(value), value) for value in values}) == len(values) if simple else False
    if len(values) < 2 or not different:
        raise UserError(
            "Choices are two or more different numbers, words, true, false or null", where=where
        )
    for value in values:
        # What project.yml's variables can carry, and what comes back as the word that it is.
        if isinstance(value, str) and not re.fullmatch(r"[A-Za-z_][\w./:@-]*", value):
            raise UserError(f"{value!r} cannot be given on a command line", where=where)
    return tuple(values)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
