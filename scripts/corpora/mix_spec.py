"""What to mix: the sets of train, dev and test, their labels, sizes and weights."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from ..annotations.command_options import read_options
from ..annotations.formats.base import ReadOptions
from ..annotations.labels import NoRepeats
from ..common.errors import UserError

SPLITS = ("train", "dev", "test")
ALL = "all"
ORDERS = ("random", "first")
# The reading options of the import command, under their own names.
READING = (
    "text_key", "spans_key", "offset_unit", "spacing", "scheme", "columns", "layer", "annotators",
)  # fmt: skip
KEYS = ("name", "file", "where", "format", "labels", "annotates", "sample", "order", *READING)
# Names become file names, and parts of them.
_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class SetSpec:
    """One set of a mix.

    Args:
        name: What it is called; the same name in several splits means parts of one corpus.
        file: Annotation file or directory.
        options: How it is read; ``labels`` is its label map.
        annotates: The labels (mapped) that its annotators looked for; None if nothing is said,
            in which case it must have spans of every label of the mix.
        everything: Whether it is said to annotate all labels of the mix.
        sample: Number of texts to take; None for all.
        order: ``random`` draws them, ``first`` takes them from the beginning.
        weight: How often each stands in the training corpus.
        where: What the file must say of a text for it to belong to the set, such as
            ``{"partition": "train"}``; empty for all texts.
    """

    name: str
    file: Path
    options: ReadOptions
    annotates: tuple[str, ...] | None = None
    everything: bool = False
    sample: int | None = None
    order: str = "random"
    weight: int = 1
    where: Mapping[str, str] = field(default_factory=dict)

    def holds(self, meta: Mapping[str, Any]) -> bool:
        """Whether a text belongs to the set, by what the file says of it."""
        return all(key in meta and str(meta[key]) == value for key, value in self.where.items())


@dataclass(frozen=True)
class MixSpec:
    """What to mix.

    Args:
        lang: Language of the texts.
        splits: The sets of each split that has any; ``train`` always has.
    """

    lang: str
    splits: Mapping[str, tuple[SetSpec, ...]] = field(default_factory=dict)


def read_spec(path: Path) -> MixSpec:
    """Reads a YAML file with ``lang``, ``train`` and, if wanted, ``dev`` and ``test``.

    Raises:
        UserError: The file is missing, not YAML, or a key of a set cannot be read; says which.
    """
    try:
        value = yaml.load(path.read_text(encoding="utf8"), Loader=NoRepeats)
    except FileNotFoundError:
        raise UserError("There is no such mix", where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"The mix is not valid YAML: {error}", where=str(path)) from None
    return parse_spec(value, str(path))


def parse_spec(value: Any, where: str) -> MixSpec:
    """Reads a mix that stands in a YAML file, by itself or as a part of it.

    Args:
        value: What the YAML holds.
        where: The file, for errors.

    Raises:
        UserError: A key is missing, unknown or has a value that it cannot have; says of which set.
    """
    if not isinstance(value, Mapping):
        raise UserError(
            "The mix is no map", where=where, todo="Expected lang, train and, if wanted, dev, test."
        )
    _only(value, ("lang", *SPLITS), where)
    lang = value.get("lang")
    if not isinstance(lang, str) or not lang:
        raise _wrong("lang", lang, where, "Expected a language such as bn. The word no needs "
                     "quotes in YAML.")  # fmt: skip
    splits = {}
    for split in SPLITS:
        if value.get(split) is not None:
            splits[split] = _sets(value[split], split, lang, where)
    if "train" not in splits:
        raise UserError("The mix has no training set", where=where, todo="Give one under train.")
    _check_apart(splits, where)
    return MixSpec(lang, splits)


def _sets(value: Any, split: str, lang: str, where: str) -> tuple[SetSpec, ...]:
    if not isinstance(value, list) or not value:
        raise _wrong(split, value, where, "Expected a list of sets, each with name and file.")
    sets = tuple(_set(item, split, lang, where) for item in value)
    # Some file systems do not tell a from A.
    names = [known.name.casefold() for known in sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(
            f"Two sets of {split} have one name: {', '.join(twice)}",
            where=where,
            todo="Give each a name of its own.",
        )
    return sets


def _set(value: Any, split: str, lang: str, where: str) -> SetSpec:
    if not isinstance(value, Mapping):
        raise _wrong(f"a set of {split}", value, where, "Expected a map with name and file.")
    name = value.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _wrong("name", name, f"{where}, a set of {split}",
                     "Expected a name of letters, digits, dots and dashes.")  # fmt: skip
    place = f"{where}, {split} set {name}"
    _only(value, (*KEYS, "weight") if split == "train" else KEYS, place)
    file = value.get("file")
    if not isinstance(file, str) or not file:
        raise _wrong("file", file, place, "Expected the path of an annotation file or directory.")
    if not Path(file).exists():
        raise UserError(
            f"There is no annotation file {file}", where=f"{place}, file",
            todo="Check the path; what is downloaded comes with: python -m spacy project assets",
        )  # fmt: skip
    order = value.get("order", ORDERS[0])
    if order not in ORDERS:
        raise _wrong("order", order, place, f"Possible: {', '.join(ORDERS)}.")
    annotates = value.get("annotates")
    return SetSpec(
        name=name,
        file=Path(file),
        options=_options(value, lang, place),
        annotates=None if annotates in (None, ALL) else _labels_list(annotates, place),
        everything=annotates == ALL,
        sample=None if value.get("sample") is None else _count(value, "sample", place),
        order=order,
        weight=_count(value, "weight", place) if "weight" in value else 1,
        where=_where(value.get("where"), place),
    )


def _where(value: Any, place: str) -> dict[str, str]:
    todo = "Expected {key: value} of what the file says of a text, such as {partition: train}."
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not value:
        raise _wrong("where", value, place, todo)
    for key, wanted in value.items():
        plain = isinstance(wanted, (str, int)) and not isinstance(wanted, bool)
        if not isinstance(key, str) or not plain:
            raise _wrong("where", {key: wanted}, place, todo)
    return {key: str(wanted) for key, wanted in value.items()}


def _options(value: Mapping[str, Any], lang: str, place: str) -> ReadOptions:
    given = {key: value[key] for key in READING if value.get(key) is not None}
    columns = given.pop("columns", None)
    if isinstance(columns, list):
        columns = ",".join(map(str, columns))
    for key, own in {**given, "format": value.get("format"), "columns": columns}.items():
        if own is not None and not isinstance(own, str):
            raise _wrong(key, own, place, "Expected a word, as of the import command's options.")
    usual = {"text_key": "text", "spans_key": None, "offset_unit": "auto", "spacing": "auto",
             "scheme": "auto", "layer": None, "annotators": "union"}  # fmt: skip
    try:
        options = read_options(
            lang=lang, file_format=value.get("format"), columns=columns, label_map=None,
            **{**usual, **given},
        )  # fmt: skip
    except UserError as error:
        raise UserError(error.what, where=f"{place}, {error.where}", todo=error.todo) from None
    return replace(options, labels=_label_map(value.get("labels"), place))


def _label_map(value: Any, place: str) -> dict[str, str | None]:
    todo = (
        "Expected {old: new, other: null}; null drops the label. Words such as yes, no, on and "
        "off need quotes in YAML."
    )
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong("labels", value, place, todo)
    for old, new in value.items():
        word = isinstance(new, str) and bool(new.strip())
        if isinstance(old, bool) or not isinstance(old, (str, int)) or not (word or new is None):
            raise _wrong("labels", {old: new}, place, todo)
    return {str(old): new for old, new in value.items()}


def _labels_list(value: Any, place: str) -> tuple[str, ...]:
    words = isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)
    if not words:
        raise _wrong("annotates", value, place,
                     "Expected a list of labels, as they are called after mapping, or the word "
                     f"{ALL}.")  # fmt: skip
    return tuple(sorted(set(value)))


def _count(value: Mapping[str, Any], key: str, place: str) -> int:
    number = value[key]
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise _wrong(key, number, place, "Expected a whole number from 1 on.")
    return number


def _check_apart(splits: Mapping[str, tuple[SetSpec, ...]], where: str) -> None:
    """Refuses to read the same texts into two splits.

    A layer may be a part of a file, and so may the texts of which it says different things.
    """
    seen: dict[Any, list[tuple[str, SetSpec]]] = {}
    for split, sets in splits.items():
        for known in sets:
            place = f"{split} set {known.name}"
            others = seen.setdefault((known.file.resolve(), known.options.layer), [])
            same = [other for other, earlier in others if not _disjoint(earlier.where, known.where)]
            others.append((place, known))
            if same:
                raise UserError(
                    f"{same[0]} and {place} are the same file",
                    where=f"{where}, {known.file}",
                    todo="Every text belongs in one set. Give dev and test files of their own, or "
                    "parts of the file with 'where', or leave them out: convert splits them off "
                    "train.",
                )


def _disjoint(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether no text can be of both: some key must have two values."""
    return any(other.get(key, value) != value for key, value in one.items())


def _only(value: Mapping[Any, Any], keys: Collection[str], where: str) -> None:
    unknown = [str(key) for key in value if key not in keys]
    if unknown:
        raise UserError(
            f"There is no key {', '.join(map(repr, unknown))} here",
            where=where,
            todo=f"Possible: {', '.join(keys)}.",
        )


def _wrong(key: str, value: Any, where: str, todo: str) -> UserError:
    return UserError(f"{key} cannot be {value!r:.80}", where=f"{where}, {key}", todo=todo)
