"""The work on one block: read it, mark its texts, write its part; the same in every engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import tee
from pathlib import Path
from typing import Any

from ..common.files import new_file, write_json
from ..common.memory import give_back_memory
from .blocks import Block, read_block
from .marking import Marked, Marker
from .sinks import JSON_LINES, write_part
from .texts import Bad, Item
from .windows import WINDOW

# How the files of a block are called, so that their names sort as the blocks do.
PART_NAME = "part-{:08d}"


@dataclass(frozen=True)
class Job:
    """What every worker has to know; it can be pickled.

    Args:
        model: The pipeline directory.
        parts: Existing directory for the parts; all workers must see the same one.
        gpu_id: Number of the GPU, -1 for the CPU.
        confidence: Whether entities are given a confidence.
        threshold: Least confidence of an entity.
        calibration: What ``calibrate`` wrote; None looks for it as ``Marker.load`` does.
        spans: Whether everything that a span categorizer marks is written too.
        window: Characters of a text that are marked at once.
        form: Form of the parts: one of ``sinks.PART_FORMS``.
        sources: Whether each output record says its file and line.
    """

    model: Path
    parts: Path
    gpu_id: int = -1
    confidence: bool = False
    threshold: float = 0.0
    calibration: Path | None = None
    spans: bool = False
    window: int = WINDOW
    form: str = JSON_LINES
    sources: bool = False


@dataclass(frozen=True)
class PartResult:
    """What became of a block.

    Args:
        number: The block's number.
        records: Texts marked.
        characters: Characters of these texts.
        entities: Entities written.
        below: Entities left out because their confidence is below the threshold.
        bad: Lines, rows and files that hold no text.
        windows: Windows into which long texts were cut; texts marked whole do not count.
        hard_cuts: Cuts between windows that stand inside a word.
        unseen: Tokens that the encoder did not see, because their wordpieces were too many.
        seconds: Time for the block, without loading the model.
    """

    number: int
    records: int = 0
    characters: int = 0
    entities: int = 0
    below: int = 0
    bad: int = 0
    windows: int = 0
    hard_cuts: int = 0
    unseen: int = 0
    seconds: float = 0.0


class Worker:
    """Loads the model once and does blocks, one after the other.

    Args:
        job: What is done with each block.

    Raises:
        UserError: The model cannot be loaded, or gives no confidences or spans where these are
            asked for.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.marker = Marker.load(
            job.model, gpu_id=job.gpu_id, confidence=job.confidence, threshold=job.threshold,
            calibration=job.calibration, spans=job.spans, window=job.window,
        )  # fmt: skip

    def do(self, block: Block) -> PartResult:
        """Marks the texts of a block and writes its part.

        The part's file comes first and its counts last, each whole or not there: a block whose
        counts are there is done, and one that is done twice is the same.
        """
        started = time.perf_counter()
        bad: list[Bad] = []
        counts = dict.fromkeys(
            ("records", "characters", "entities", "below", "windows", "hard_cuts", "unseen"), 0
        )
        part = part_path(self.job.parts, block.number, self.job.form)
        # Otherwise the vocabulary keeps every word that it ever saw.
        with new_file(part) as path, self.marker.nlp.memory_zone():
            write_part(path, self._marked(block, bad, counts), self.job.form, self.job.sources)
        seconds = round(time.perf_counter() - started, 3)
        result = PartResult(block.number, bad=len(bad), seconds=seconds, **counts)
        with new_file(counts_path(self.job.parts, block.number)) as path:
            write_json(path, {"counts": asdict(result), "bad": [asdict(line) for line in bad]})
        give_back_memory()
        return result

    def _marked(
        self, block: Block, bad: list[Bad], counts: dict[str, int]
    ) -> Iterator[tuple[Item, Marked]]:
        items = _without(read_block(block), bad)
        ours, theirs = tee(items)
        for item, marked in zip(ours, self.marker.mark(i.text for i in theirs), strict=True):
            counts["records"] += 1
            counts["characters"] += len(item.text)
            counts["entities"] += len(marked.ents)
            for name in ("below", "windows", "hard_cuts", "unseen"):
                counts[name] += getattr(marked, name)
            yield item, marked


def part_path(parts: Path, number: int, form: str) -> Path:
    """Where the part of a block lies."""
    return parts / f"{PART_NAME.format(number)}.{form}"


def counts_path(parts: Path, number: int) -> Path:
    """Where the counts and the bad lines of a block lie, once it is done."""
    return parts / f"{PART_NAME.format(number)}.counts"


def read_counts(path: Path) -> tuple[PartResult, list[dict[str, Any]]]:
    """The counts of a block that is done, and its bad lines."""
    content = json.loads(path.read_bytes())
    return PartResult(**content["counts"]), content["bad"]


def _without(found: Iterable[Item | Bad], bad: list[Bad]) -> Iterator[Item]:
    """The texts; what is none goes to ``bad``."""
    for item in found:
        if isinstance(item, Bad):
            bad.append(item)
        else:
            yield item
