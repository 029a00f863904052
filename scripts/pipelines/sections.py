"""Config sections: small files that are merged over a training config, ``--with NAME``."""

from __future__ import annotations

import configparser
import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from confection import ConfigValidationError
from spacy.util import registry
from thinc.api import Config

# Sections may name the project's own functions: they are known from here on.
import scripts.training.registered  # noqa: F401

from ..common.errors import UserError

SECTIONS = Path(__file__).parents[2] / "configs" / "sections"
AFTER_INIT = ("initialize", "after_init")
CHAIN = "spans.each.v1"
# What the names of the project's own functions begin with.
OWN = "spans"
VERSION = re.compile(r"\.v\d+$")
HEADER = re.compile(r"^\[(.+)\]$", re.MULTILINE)


def find_section(name: str) -> Path:
    """The file of a section, from its name in configs/sections or its path.

    Raises:
        UserError: There is no such section.
    """
    path = Path(name) if name.endswith(".cfg") else SECTIONS / f"{name}.cfg"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in SECTIONS.glob("*.cfg")))
        raise UserError(
            "There is no such config section", where=str(path), todo=f"There are: {known}."
        )
    return path


def read_section(name: str) -> Config:
    """Reads a section, its variables left as they are. Headers without values may be left out.

    Raises:
        UserError: There is no such section, or it cannot be read.
    """
    path = find_section(name)
    try:
        text = path.read_text(encoding="utf8")
        named = set(HEADER.findall(text))
        parts = [header.split(".") for header in named]
        above = {".".join(p[:end]) for p in parts for end in range(1, len(p))} - named
        return Config().from_str(
            "".join(f"[{header}]\n" for header in sorted(above)) + text, interpolate=False
        )
    except (ConfigValidationError, configparser.Error, ValueError) as error:
        raise UserError(
            "The config section cannot be read", where=str(path), todo=str(error)
        ) from None


def set_by(sections: Sequence[str]) -> set[str]:
    """Dotted names of all settings of sections."""
    return {name for section in sections for name in _leaves(read_section(section))}


def merge_sections(config: Config, sections: Sequence[str]) -> Config:
    """Merges sections over a config, which is not changed; in both, variables stay as they are.

    A block is merged key by key, unless the section's names another registered function than the
    config's: then it takes its place, but for what ``_carry`` keeps. Later sections win, except
    that a batcher around the others is put around what all of them make, and that callbacks after
    the initialisation are all called.

    Args:
        config: The config.
        sections: Names or paths.

    Raises:
        UserError: A section is missing, unreadable or for another kind of pipeline, or two of them
            name different functions for the same block.
    """
    merged = config.copy()
    read = [(name, read_section(name)) for name in sections]
    _refuse_rivals(read)
    for name, section in sorted(read, key=lambda pair: _wraps(_block(pair[1], "training.batcher"))):
        _refuse_strangers(name, section, merged)
        _merge(merged, section, ())
    return merged


def _merge(base: dict[str, Any], section: dict[str, Any], path: tuple[str, ...]) -> None:
    for key, value in section.items():
        old, here = base.get(key), (*path, key)
        if not isinstance(value, dict):
            base[key] = value
        elif here == AFTER_INIT and _function(old) and _function(value):
            base[key] = _chain(old, value)
        elif _function(value) in (None, _function(old)) and isinstance(old, dict):
            _merge(old, value, here)
        else:
            base[key] = {**_carry(".".join(here), old, value), **value}


def _chain(first: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """One callback of two: each does a thing of its own, and none takes another's place."""
    chain = first if _function(first) == CHAIN else {"@callbacks": CHAIN, "*": _named(first)}
    links = {key: dict(value) for key, value in chain["*"].items()}
    for key, value in (then["*"] if _function(then) == CHAIN else _named(then)).items():
        links[key] = {**links.get(key, {}), **value}
    if len(links) == 1:
        return next(iter(links.values()))
    return {"@callbacks": CHAIN, "*": links}


def _named(callback: dict[str, Any]) -> dict[str, Any]:
    """A callback under its function's name: ``autocast`` for ``spans.autocast.v1``."""
    parts = VERSION.sub("", str(_function(callback))).split(".")
    return {parts[-1] if parts[0] == OWN else "_".join(parts): callback}


def _carry(name: str, old: Any, new: dict[str, Any]) -> dict[str, Any]:
    """What a block keeps of the one that it takes the place of.

    A batcher around another is put around the config's; an optimizer keeps the config's learning
    rate and a schedule its height and warm-up, if the new one has such settings: each is an option
    of its own. A rate without a schedule has no warm-up.
    """
    if name == "training.batcher" and _wraps(new):
        return {"batcher": old}
    if name == "training.optimizer" and "learn_rate" in (old or {}):
        return {"learn_rate": old["learn_rate"]}
    if name == "training.optimizer.learn_rate":
        kept = old if isinstance(old, dict) else {"initial_rate": old, "warmup_steps": 0}
        taken = {"initial_rate", "warmup_steps"} & {*kept} & _parameters("schedules", new)
        return {key: kept[key] for key in sorted(taken)}
    return {}


def _wraps(batcher: dict[str, Any] | None) -> bool:
    """Whether a block names a batcher that takes another one, and leaves it open which."""
    return "batcher" in _parameters("batchers", batcher) and "batcher" not in (batcher or {})


def _parameters(kind: str, block: dict[str, Any] | None) -> set[str]:
    """The settings of the function that a block names; none if it is not known."""
    name = _function(block)
    if not name or not registry.has(kind, name):
        return set()
    return {*inspect.signature(registry.get(kind, name)).parameters}


def _refuse_rivals(sections: Sequence[tuple[str, Config]]) -> None:
    """Refuses sections of which one would undo another without a word."""
    taken: dict[str, tuple[str, str]] = {}
    for section, config in sections:
        for block, function in _functions(config):
            if block == "training.batcher" and _wraps(_block(config, block)):
                continue
            if block == ".".join(AFTER_INIT):
                continue
            other, before = taken.setdefault(block, (section, function))
            if before != function:
                raise UserError(
                    f"Two sections set [{block}]: {other} to {before}, {section} to {function}",
                    todo="Give one of them.",
                )


def _refuse_strangers(name: str, section: Config, config: Config) -> None:
    """Refuses a section for components that the config does not have."""
    for component, block in section.get("components", {}).items():
        if component not in config["components"] and not {"factory", "source"} & {*block}:
            raise UserError(
                f"The section {name} is for a pipeline with {component}",
                where=f"pipeline {config['nlp']['pipeline']}",
                todo="Leave it out, or use another config.",
            )


def _function(block: Any) -> str | None:
    """The registered function that a block names."""
    if not isinstance(block, dict):
        return None
    return next((value for key, value in block.items() if key.startswith("@")), None)


def _functions(block: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names of all blocks that name a function, and the function."""
    for key, value in block.items():
        if isinstance(value, dict):
            name = f"{path}.{key}" if path else key
            function = _function(value)
            if function:
                yield name, function
            yield from _functions(value, name)


def _leaves(block: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in block.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from _leaves(value, name)
        else:
            yield name


def _block(config: Config, name: str) -> dict[str, Any] | None:
    """The block of that dotted name; None if there is none."""
    block: Any = config
    for part in name.split("."):
        block = block.get(part) if isinstance(block, dict) else None
    return block
