"""The JSONL log of a training, over all the runs that a resumed training is made of."""

from __future__ import annotations

from pathlib import Path

PART_SUFFIX = ".part"


def part_of(log: Path) -> Path:
    """Where the run in progress writes: spaCy's logger does not write to a file that exists."""
    return log.with_name(log.name + PART_SUFFIX)


def start_log(log: Path, *, resume: bool) -> Path:
    """Makes room for a new run's log and returns its path.

    A resumed training keeps the rows of earlier runs, those of a killed one included.
    """
    if resume:
        close_log(log)
    else:
        log.unlink(missing_ok=True)
        part_of(log).unlink(missing_ok=True)
    return part_of(log)


def close_log(log: Path) -> None:
    """Appends the finished run's complete rows to the log."""
    part = part_of(log)
    if not part.is_file():
        return
    rows = part.read_bytes()
    complete = rows[: rows.rfind(b"\n") + 1]
    with log.open("ab") as file:
        file.write(complete)
    part.unlink()
