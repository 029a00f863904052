"""The parts of a prediction beside its output: what is done stays done when a run is killed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..common.errors import UserError
from ..common.files import md5_of_file, md5_of_path, new_file, write_json
from .blocks import STDIN, Reading, input_files
from .jobs import Job, PartResult, counts_path, part_path, read_counts
from .marking import calibration_of

MADE_FROM, WHOLE = "made-from.json", "whole"


class Parts:
    """The directory of parts of one output.

    Args:
        directory: Where it lies; beside the output, so that what is made in it can be renamed.
        form: Form of the parts.
    """

    def __init__(self, directory: Path, form: str) -> None:
        self.directory, self.form = directory, form

    @property
    def whole(self) -> Path:
        """Where the output is put together before it takes its name."""
        return self.directory / WHOLE

    def begin(self, made_from: dict[str, Any] | None, *, restart: bool) -> set[int]:
        """Opens the directory and says which blocks are done.

        Args:
            made_from: What decides on the parts, as ``describe`` gives it; None if it cannot be
                known to be the same again.
            restart: Whether to begin anew whatever is there.

        Raises:
            UserError: The parts there were made from something else.
        """
        record = self.directory / MADE_FROM
        if made_from is None or restart or not record.is_file():
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory.mkdir(parents=True)
            with new_file(record) as path:
                write_json(path, made_from)
            return set()
        before = _flat(json.loads(record.read_bytes()) or {})
        now = _flat(made_from)
        other = [key for key in now if now[key] != before.get(key)]
        if other and not self.done():
            return self.begin(made_from, restart=True)
        if other:
            raise UserError(
                f"An unfinished run was made with another {', '.join(other)}",
                where=str(self.directory),
                todo="Give what was given then to continue it, or --restart to begin anew.",
            )
        return self.done()

    def done(self) -> set[int]:
        """The numbers of the blocks that are done."""
        names = _names(self.directory) | _names(self.whole)
        return {
            int(name.split(".")[0].split("-")[1])
            for name in names
            if name.endswith(".counts") and name.replace(".counts", f".{self.form}") in names
        }

    def paths(self, blocks: int) -> Iterator[Path]:
        """The parts of so many blocks, in order."""
        return (part_path(self.directory, number, self.form) for number in range(blocks))

    def results(self, blocks: int, bad: list[Path]) -> Iterator[PartResult]:
        """The counts of so many blocks, in order; to ``bad`` goes the file of bad lines, if any."""
        path = self.directory / "bad.jsonl"
        path.unlink(missing_ok=True)
        for number in range(blocks):
            result, lines = read_counts(counts_path(self.directory, number))
            if lines:
                with path.open("a", encoding="utf8", newline="\n") as file:
                    file.writelines(json.dumps(li, ensure_ascii=False) + "\n" for li in lines)
                bad[:] = [path]
            yield result

    def keep(self, blocks: int) -> Path:
        """Moves the parts of so many blocks into a directory of their own, and gives it."""
        self.whole.mkdir(exist_ok=True)
        for path in self.paths(blocks):
            if path.exists():
                path.replace(self.whole / path.name)
        return self.whole

    def remove(self) -> None:
        """Removes the directory."""
        shutil.rmtree(self.directory, ignore_errors=True)


def describe(source: str, reading: Reading, job: Job) -> dict[str, Any] | None:
    """What decides on the parts of a prediction: its input, model, calibration and options.

    An input is known by the names, sizes and times of its files; stdin cannot be known again: None.
    """
    if source == STDIN:
        return None
    files = [path for path, _ in input_files(Path(source), reading.form)]
    calibration = calibration_of(job.model, job.calibration)
    asked = (job.confidence or job.threshold > 0) and calibration.is_file()
    return {
        "input": _listing(files),
        "model": md5_of_path(job.model),
        "calibration": md5_of_file(calibration) if asked else None,
        "options": {
            "text_key": reading.text_key, "from": reading.form, "records": reading.records,
            "bytes": reading.size, "confidence": job.confidence, "threshold": job.threshold,
            "spans": job.spans, "window": job.window, "form": job.form, "sources": job.sources,
        },
    }  # fmt: skip


def _flat(made_from: dict[str, Any]) -> dict[str, Any]:
    """What decides on the parts, each option by itself."""
    return {**made_from, **made_from.get("options", {}), "options": None}


def _listing(files: Iterable[Path]) -> str:
    """The md5 of the files' names, sizes and times."""
    digest = hashlib.md5(usedforsecurity=False)
    for path in files:
        stat = path.stat()
        # File names need not be UTF-8.
        digest.update(os.fsencode(path.as_posix()))
        digest.update(f" {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _names(directory: Path) -> set[str]:
    if not directory.is_dir():
        return set()
    with os.scandir(directory) as entries:
        return {entry.name for entry in entries if entry.name.startswith("part-")}
