"""Variables given to ``spacy project run`` against those that project.yml declares."""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil
import srsly

from .errors import UserError

ENVIRONMENT = "WEASEL_CONFIG_OVERRIDES"


def check_variables(project: Path) -> None:
    """Refuses variables that do not exist: weasel takes them without a word.

    Args:
        project: The project.yml; where there is none, nothing is checked.

    Raises:
        UserError: The command line that runs the project overrides an unknown variable.
    """
    given = given_variables(project_arguments())
    if given and project.is_file():
        refuse_unknown(srsly.read_yaml(project)["vars"], given)


def refuse_unknown(declared: Iterable[str], given: Iterable[str]) -> None:
    """Raises a UserError for the first given variable that is not declared."""
    known = list(declared)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean --vars.{near[0]}? " if near else ""
            raise UserError(
                f"There is no variable {name!r}", todo=f"{hint}project.yml has: {', '.join(known)}."
            )


def given_variables(arguments: Sequence[str]) -> list[str]:
    """Names of the variables that a command line overrides: ``--vars.x 1`` or ``--vars.x=1``.

    weasel takes ``--vars.some-name`` for ``some_name``.
    """
    names = []
    for argument in arguments:
        if argument.startswith("--vars."):
            names.append(argument.removeprefix("--vars.").partition("=")[0].replace("-", "_"))
    return names


def project_arguments(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The arguments of the ``spacy project run`` that started this process.

    weasel does not tell a command which variables were overridden, so that the command line is
    read from the nearest parent that runs a project (on Windows a launcher may stand between);
    empty where there is none or it cannot be read.
    """
    arguments = shlex.split(environment.get(ENVIRONMENT, ""))
    try:
        lines = [parent.cmdline() for parent in psutil.Process().parents()]
    except psutil.Error:
        lines = []
    for line in lines:
        names = {Path(word).stem for word in line}
        if "run" in names and names & {"project", "weasel"}:
            return arguments + line
    return arguments
