"""A whole input predicted: its blocks done by an engine, its output put together from the parts."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import BinaryIO

from ..annotations.formats import FORMATS
from ..common.errors import UserError
from ..common.files import check_replaceable, new_directory, new_file
from .blocks import STDIN, Block, Reading, blocks
from .jobs import Job, PartResult, part_path
from .parts import Parts, describe
from .sinks import DOCBIN, JSON_LINES, PART_FORMS, Made, header_of, make_output

STDOUT = "-"
# The side file of an output that is no file.
STDOUT_BAD = Path("predict.bad.jsonl")

Engine = Callable[[Job, Iterable[Block]], Iterator[PartResult]]
Tell = Callable[[PartResult], None]


@dataclass(frozen=True)
class Request:
    """What is to be predicted.

    Args:
        source: A file, a folder, or ``-`` for stdin.
        output: A file; a directory, or a path that ends in a slash, to keep one file a block; or
            ``-`` for stdout.
        target: Format of the output, one of ``sinks.TARGETS``.
        reading: How the input is read and cut.
        restart: Whether parts of an earlier run are thrown away.
    """

    source: str
    output: str
    target: str
    reading: Reading = Reading()
    restart: bool = False

    @property
    def path(self) -> Path:
        """The output's path."""
        return Path(self.output)

    @property
    def keeps_parts(self) -> bool:
        """Whether the output is a directory with a file for each block."""
        return self.is_directory and self.target == JSON_LINES

    @property
    def is_directory(self) -> bool:
        """Whether the output is said to be a directory, or is one."""
        return self.output.endswith(("/", "\\")) or self.path.is_dir()

    @property
    def bad_path(self) -> Path:
        """The side file for bad lines."""
        if self.output == STDOUT:
            return STDOUT_BAD
        return self.path.with_name(f"{self.path.name}.bad.jsonl")


@dataclass(frozen=True)
class Outcome:
    """What became of an input.

    Args:
        total: The counts of all blocks together, those of an earlier run included.
        seconds: Wall time of this run.
        records: Texts marked in this run.
        continued: Blocks that an earlier run had done.
        bad_path: The side file; None if nothing was bad.
        made: What the format could not hold.
    """

    total: PartResult
    seconds: float
    records: int
    continued: int
    bad_path: Path | None
    made: Made


def predict_whole(
    request: Request, job: Job, engine: Engine, stdout: BinaryIO, tell: Tell
) -> Outcome:
    """Predicts an input; the output appears when it is whole.

    Killed at any moment it leaves the output as it was, and what was done in parts beside it, with
    which the next run of the same goes on. To stdout and from stdin nothing is kept.

    Args:
        request: What is to be predicted.
        job: How; its ``parts`` is set here.
        engine: Does blocks, in any order.
        stdout: Where ``-`` is written; of JSONL and CSV each block as soon as its turn comes.
        tell: Called with each result.

    Raises:
        UserError: Nothing of the input can be marked, or the output cannot be written.
    """
    _check(request)
    started = time.perf_counter()
    with _parts(request, job.form) as parts:
        job = replace(job, parts=parts.directory.absolute(), sources=_is_folder(request.source))
        kept = request.output != STDOUT
        made_from = describe(request.source, request.reading, job) if kept else None
        done = parts.begin(made_from, restart=request.restart)
        cut = _Counted(blocks(request.source, request.reading), done)
        results = engine(job, cut)
        streams = request.output == STDOUT and request.target in PART_FORMS
        if streams:
            results = _written(results, parts, stdout, request.target)
        records = 0
        for result in results:
            records += result.records
            tell(result)
        bad: list[Path] = []
        total = _sum(parts.results(cut.blocks, bad))
        bad_path = _move_bad(bad, request.bad_path)
        if not total.records:
            # What was wrong will be mended by other options: these parts are of no use then.
            parts.remove()
        _check_total(total, request.source, bad_path)
        made = Made() if streams else _finish(request, job, parts, cut.blocks, stdout)
        parts.remove()
    seconds = time.perf_counter() - started
    return Outcome(total, seconds, records, len(done), bad_path, made)


class _Counted:
    """The blocks that are not done; counts all."""

    def __init__(self, cut: Iterable[Block], done: set[int]) -> None:
        self.cut, self.done, self.blocks = cut, done, 0

    def __iter__(self) -> Iterator[Block]:
        for block in self.cut:
            self.blocks = block.number + 1
            if block.number not in self.done:
                yield block


def _is_folder(source: str) -> bool:
    return source != STDIN and Path(source).is_dir()


def _check(request: Request) -> None:
    """Refuses what would only fail after hours of work, or take away what is not ours."""
    _check_places(request)
    output, target = request.path, request.target
    known = FORMATS.get(target)
    many_files = known is not None and known.directory
    if request.output == STDOUT:
        if many_files or target == DOCBIN:
            raise UserError(f"{target} can be several files: not for stdout", where="--to")
    elif request.keeps_parts:
        check_replaceable(output, ("part-*",))
    elif many_files:
        check_replaceable(output, ())
    elif target == DOCBIN and output.suffix == ".spacy":
        if output.is_dir():
            check_replaceable(output, ("*.spacy",))
    elif request.is_directory:
        raise UserError(
            "The output is a directory", where=request.output,
            todo="A file for each block is written as span JSONL (--to jsonl).",
        )  # fmt: skip


def _check_places(request: Request) -> None:
    """Refuses an input that the output, or its side file, would replace."""
    if request.source == STDIN:
        return
    source, output = Path(request.source).resolve(), request.path.resolve()
    if source == request.bad_path.resolve():
        raise UserError(
            "The input is where bad lines are written", where=request.source, todo="Rename it."
        )
    if request.output == STDOUT:
        return
    inside = source.is_dir() and output.is_relative_to(source)
    around = output.is_dir() and source.is_relative_to(output)
    if output == source or inside or around:
        raise UserError(
            "The output is the input, or lies in it, or around it",
            where=request.output,
            todo="It could replace an input, or be read as one; name a place elsewhere.",
        )


@contextmanager
def _parts(request: Request, form: str) -> Iterator[Parts]:
    if request.output == STDOUT:
        with tempfile.TemporaryDirectory() as folder:
            yield Parts(Path(folder) / "parts", form)
    else:
        output = request.path
        output.parent.mkdir(parents=True, exist_ok=True)
        yield Parts(output.parent / f".{output.name}.parts", form)


def _written(
    results: Iterable[PartResult], parts: Parts, stdout: BinaryIO, target: str
) -> Iterator[PartResult]:
    """Passes results on, and writes their parts as soon as all before them are written."""
    stdout.write(header_of(target))
    waiting: set[int] = set()
    following = 0
    for result in results:
        waiting.add(result.number)
        while following in waiting:
            path = part_path(parts.directory, following, parts.form)
            stdout.write(path.read_bytes())
            stdout.flush()
            # Its counts stay; a long stream must not fill the disk.
            path.unlink()
            waiting.remove(following)
            following += 1
        yield result


def _sum(results: Iterable[PartResult]) -> PartResult:
    total = dict.fromkeys((f.name for f in fields(PartResult)), 0)
    for result in results:
        for name in total:
            total[name] += getattr(result, name)
    return PartResult(**{**total, "number": 0})


def _move_bad(found: list[Path], path: Path) -> Path | None:
    if not found:
        path.unlink(missing_ok=True)
        return None
    with new_file(path) as place:
        shutil.move(found[0], place)
    return path


def _check_total(total: PartResult, source: str, bad_path: Path | None) -> None:
    if not total.records:
        raise UserError(
            f"There is no text that can be marked: {total.bad} bad lines" if total.bad
            else "There is no text in the input",
            where=source,
            todo=f"What is wrong with each stands in {bad_path}" if bad_path else None,
        )  # fmt: skip


def _finish(request: Request, job: Job, parts: Parts, count: int, stdout: BinaryIO) -> Made:
    """Puts the parts together and gives the output its name."""
    output, target = request.path, request.target
    if request.keeps_parts:
        whole = parts.keep(count)
        with new_directory(output) as place:
            place.rmdir()
            whole.rename(place)
        return Made()
    known = FORMATS.get(target)
    if known is not None and known.directory:
        with new_directory(output) as place:
            return make_output(parts.paths(count), place, target, job.model)
    shutil.rmtree(parts.whole, ignore_errors=True)
    parts.whole.unlink(missing_ok=True)
    made = make_output(parts.paths(count), parts.whole, target, job.model)
    if request.output == STDOUT:
        with parts.whole.open("rb") as file:
            shutil.copyfileobj(file, stdout, 1 << 20)
        stdout.flush()
    elif parts.whole.is_dir():
        if output.is_file():
            output.unlink()
        with new_directory(output) as place:
            place.rmdir()
            parts.whole.rename(place)
    else:
        if output.is_dir():
            shutil.rmtree(output)
        parts.whole.replace(output)
    return made
