"""Variables given to ``spacy project run`` against those that project.yml declares."""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence

import psutil

from .problems import Problem

ENVIRONMENT = "WEASEL_CONFIG_OVERRIDES"


def given_variables(arguments: Sequence[str]) -> list[str]:
    """Names of the variables that a command line overrides: ``--vars.x 1`` or ``--vars.x=1``.

    weasel takes ``--vars.some-name`` for ``some_name``.
    """
    names = []
    for argument in arguments:
        if argument.startswith("--vars."):
            names.append(argument.removeprefix("--vars.").partition("=")[0].replace("-", "_"))
    return names


def check_variables(declared: Iterable[str], given: Iterable[str]) -> list[Problem]:
    """Finds overridden variables that do not exist: weasel takes them without a word."""
    known = list(declared)
    problems = []
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean --vars.{near[0]}? " if near else ""
            problems.append(
                Problem(
                    f"There is no variable {name!r}",
                    f"{hint}project.yml has: {', '.join(known)}.",
                )
            )
    return problems


def project_arguments(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The arguments of the ``spacy project run`` that started this process.

    weasel does not tell a command which variables were overridden, so that the command line of
    the parent process is read; empty where that is another program or cannot be read.
    """
    arguments = shlex.split(environment.get(ENVIRONMENT, ""))
    try:
        parent = psutil.Process().parent()
        line = parent.cmdline() if parent is not None else []
    except psutil.Error:
        line = []
    runs_project = any(word in ("project", "weasel") or word.endswith("weasel") for word in line)
    return arguments + (line if runs_project and "run" in line else [])
