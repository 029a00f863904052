"""How commands speak: wasabi's messages and tables, user errors without a traceback."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import typer
from wasabi import msg

from .errors import UserError
from .tables import Table
from .variables import check_variables

# A disk, or a share of one, that is full or broken: writing says so without naming the file.
DISK = {errno.ENOSPC, errno.EIO, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def run(
    command: Callable[..., Any], *, more_options: bool = False, epilog: str | None = None
) -> None:
    """Runs a command function as a Typer app.

    A UserError, or a file that the system does not let it read or write, ends it with status 1.

    Started by ``spacy project run``, it refuses mistyped variables first.

    Args:
        command: The command's ``main``; its docstring is the help text.
        more_options: Whether options that it does not declare are left in ``ctx.args``.
        epilog: What the help says after the options.
    """
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    settings = {"allow_extra_args": more_options, "ignore_unknown_options": more_options}
    app.command(context_settings=settings, epilog=epilog)(command)
    try:
        check_variables(Path("project.yml"))
        app()
    except UserError as error:
        fail(error)
    except OSError as error:
        if error.filename is None and error.errno not in DISK:
            raise
        fail(
            UserError(
                f"{error.strerror} (errno {error.errno})",
                where=error.filename and str(error.filename),
            )
        )
    except KeyboardInterrupt:
        msg.fail("Interrupted")
        raise SystemExit(130) from None


def print_table(table: Table) -> None:
    """Prints a table under its title."""
    msg.divider(table.title)
    numbers = [
        all(isinstance(row[i], (int, float)) for row in table.rows)
        for i in range(len(table.header))
    ]
    aligns = ["r" if number else "l" for number in numbers]
    msg.table(table.rows, header=table.header, divider=True, aligns=aligns)


def print_scores(table: Table) -> None:
    """Prints a table of formatted scores under its title, all but the first column to the right."""
    msg.divider(table.title)
    aligns = ["l", *"r" * (len(table.header) - 1)]
    msg.table(table.rows, header=table.header, divider=True, aligns=aligns, max_col=40)


def print_lines(lines: Iterable[str]) -> None:
    """Prints lines one below the other; as one message wasabi would run them together."""
    for line in lines:
        msg.text(line)


def fail(error: UserError) -> NoReturn:
    """Prints what is wrong, where and what to do, and exits with status 1."""
    msg.fail(error.what)
    print_lines(part for part in (error.where, error.todo) if part)
    raise SystemExit(1)
