"""Recipe files: what stands in them, and whether it can be right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..annotations.labels import NoRepeats
from ..common.errors import UserError
from ..common.variables import refuse_unknown

DIRECTORY = Path("configs/recipes")
KEYS = ("title", "original", "data", "vars", "steps", "small", "sources")
SPLITS = ("train", "dev", "test")
PLACEHOLDERS = ("data", "config", "encoder", "gpu_id", "train_options")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# Weasel puts values into YAML and command lines as they are.
_UNCARRIED = re.compile(r"[\"'\\$\n]")
# A recipe's name is part of such values, and of lists with commas.
_UNNAMED = re.compile(r"[\s\"'\\$,{}]")
COMMANDS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Recipe:
    """A recipe, checked.

    Args:
        path: The file it was read from.
        title: What it is, in one line.
        data: The mix of data sets, as ``scripts.mix`` reads it.
        variables: Variables of project.yml.
        original: Where the settings come from, and what was reported with them.
        steps: Command lines between the mix and the project run, ``scripts.NAME …``.
        sample: Texts that a small run takes of each set.
        small_variables: Variables that a small run changes.
        sources: For data files that project.yml cannot download: where they are to be had.
    """

    path: Path
    title: str
    data: Mapping[str, Any]
    variables: Mapping[str, str]
    original: str = ""
    steps: tuple[str, ...] = ()
    sample: int | None = None
    small_variables: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    def files(self) -> list[str]:
        """The data files, in order, none twice."""
        return data_files(self.data)


def data_files(data: Mapping[str, Any]) -> list[str]:
    """The files of a mix, in order, none twice."""
    sets = [entry for split in SPLITS for entry in data.get(split) or []]
    return list(dict.fromkeys(str(entry["file"]) for entry in sets))


def find_recipe(name: str, directory: Path = DIRECTORY) -> Path:
    """The file of a recipe, given its name or a path.

    Raises:
        UserError: There is no such recipe.
    """
    for path in (directory / f"{name}.yml", Path(name)):
        if path.is_file():
            return path
    known = ", ".join(path.stem for path in recipe_files(directory)) or "none"
    raise UserError(f"There is no recipe {name!r}", todo=f"Give one of these, or a file: {known}.")


def recipe_files(directory: Path = DIRECTORY) -> list[Path]:
    """The recipes of a directory, sorted."""
    return sorted(directory.glob("*.yml"))


def read_recipe(path: Path, declared: Iterable[str]) -> Recipe:
    """Reads and checks a recipe.

    Args:
        path: The YAML file.
        declared: The variables of project.yml.

    Raises:
        UserError: The file cannot be read, lacks something, or has a key, variable or placeholder
            that does not exist.
    """
    if _UNNAMED.search(path.stem):
        todo = "Rename the file: no blanks, quotes, commas, braces or dollar signs."
        raise _wrong(path, "The recipe's name cannot be that of a directory of data", todo)
    content = _load(path)
    unknown = [str(key) for key in content if key not in KEYS]
    if unknown:
        raise _wrong(path, f"Unknown key {unknown[0]!r}", f"A recipe has: {', '.join(KEYS)}.")
    title = content.get("title")
    if not isinstance(title, str) or not title.strip():
        raise _wrong(path, "The recipe has no title", "Say in one line what it is: title: …")
    known = list(declared)
    small = _mapping(content.get("small"), path, "small")
    if set(small) - {"sample", "vars"}:
        raise _wrong(path, "'small' holds more than sample and vars", "Put variables into vars.")
    sample = small.get("sample")
    if sample is not None and (type(sample) is not int or sample < 1):
        raise _wrong(path, f"small: sample is {sample!r}", "Give a whole number of texts from 1.")
    data = _data(content, path)
    return Recipe(
        path=path,
        title=title.strip(),
        data=data,
        variables=_variables(content.get("vars"), known, path, "vars"),
        original=str(content.get("original") or "").strip(),
        steps=_steps(content.get("steps"), path),
        sample=sample,
        small_variables=_variables(small.get("vars"), known, path, "small: vars"),
        sources=_sources(content, data_files(data), path),
    )


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """Puts values in the place of ``{name}``.

    Raises:
        UserError: A name in braces has no value.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            names = ", ".join(f"{{{name}}}" for name in values)
            raise UserError(f"Unknown placeholder {found[0]}", where=where, todo=f"Known: {names}.")
        return values[found[1]]

    return _PLACEHOLDER.sub(value, text)


def _load(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf8"), Loader=NoRepeats)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"The recipe is not YAML: {reason}", where=str(path)) from None
    if not isinstance(content, dict):
        raise _wrong(path, "The recipe is no mapping", "Copy one of configs/recipes and change it.")
    return content


def _data(content: dict[str, Any], path: Path) -> dict[str, Any]:
    data = _mapping(content.get("data"), path, "data")
    for split in SPLITS:
        sets = data.get(split) or []
        if not isinstance(sets, list) or not all(
            isinstance(entry, dict) and entry.get("file") for entry in sets
        ):
            message = f"data: {split} is no list of sets that each name a file"
            raise _wrong(path, message, "docs/mixing.md shows the form.")
    if not data.get("train"):
        raise _wrong(path, "data: there is no set to train on", "docs/mixing.md shows the form.")
    return data


def _variables(value: Any, known: list[str], path: Path, key: str) -> dict[str, str]:
    variables = {str(k): v for k, v in _mapping(value, path, key).items()}
    try:
        refuse_unknown(known, variables)
    except UserError as error:
        raise UserError(error.what, where=f"{path}, {key}", todo=error.todo) from None
    found = {}
    for name, content in variables.items():
        # A YAML boolean is a slip: no, on and yes are words in the shell that reads them.
        if isinstance(content, bool) or not isinstance(content, (str, int, float)):
            todo = "Write it as text, in quotes."
            raise _wrong(path, f"{key}: {name} is {content!r}", todo)
        found[name] = checked_value(name, str(content), f"{path}, {key}")
        fill(found[name], dict.fromkeys(("data",), ""), f"{path}, {key}: {name}")
    return found


def checked_value(name: str, value: str, where: str) -> str:
    """A variable's value, if weasel can carry it.

    Raises:
        UserError: It has a quote, backslash, dollar sign or line break.
    """
    bad = _UNCARRIED.search(value)
    if bad:
        raise UserError(
            f"The value of {name} holds {bad[0]!r}, which project variables cannot carry",
            where=where,
            todo="Quotes are not needed; fold long values with '>-'.",
        )
    return value


def _steps(value: Any, path: Path) -> tuple[str, ...]:
    steps = value or []
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise _wrong(path, "'steps' is no list of command lines", "One step a line: - scripts.…")
    for step in steps:
        name = step.split(maxsplit=1)[0].removeprefix("scripts.") if step.strip() else ""
        if not step.startswith("scripts.") or not (COMMANDS / f"{name}.py").is_file():
            message = f"The step {step!r:.60} is no command of the project"
            raise _wrong(path, message, "Begin it with scripts.NAME, as after python -m.")
        fill(step, dict.fromkeys(PLACEHOLDERS, ""), f"{path}, steps")
        try:
            shlex.split(step)
        except ValueError as error:
            raise _wrong(path, f"The step {step!r:.60}: {error}", "Close the quotes.") from None
    return tuple(" ".join(step.split()) for step in steps)


def _sources(content: Mapping[str, Any], files: list[str], path: Path) -> dict[str, str]:
    sources = _mapping(content.get("sources"), path, "sources")
    strange = [str(name) for name in sources if name not in files]
    if strange:
        message = f"sources: the data name no file {strange[0]!r}"
        raise _wrong(path, message, f"Their files: {', '.join(files)}.")
    return {name: " ".join(str(text).split()) for name, text in sources.items()}


def _mapping(value: Any, path: Path, key: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(path, f"'{key}' is no mapping", "Copy one of configs/recipes and change it.")
    return value


def _wrong(path: Path, what: str, todo: str) -> UserError:
    return UserError(what, where=str(path), todo=todo)
