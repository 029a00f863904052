"""Raw texts marked by a teacher, added to the training texts of a corpus: what a student learns."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spacy.vocab import Vocab

from ..annotations.formats.base import ReadOptions, WriteOptions
from ..annotations.formats.spacy_docbin import read_spacy_docbin
from ..annotations.formats.span_jsonl import write_span_jsonl
from ..annotations.records import Record, Span
from ..common.errors import UserError
from ..common.files import new_directory, new_file
from ..corpora.conversion import Settings, convert
from ..corpora.docbins import docbin_files, read_docs
from ..corpora.fingerprints import content_of
from ..corpora.gold import read_gold
from ..inference.blocks import blocks, read_block
from ..inference.filling import FILLED, Thresholds, known_labels
from ..inference.marking import Marked, Marker
from ..inference.texts import Bad

LEAKS = ("leak", "near-leak")
# Of dev and test: what the student is chosen and scored on is the gold corpus' own.
JUDGED = ("dev.spacy", "test.spacy", "dev.gold.jsonl", "test.gold.jsonl")
PLAIN = WriteOptions(lambda text: ())

Progress = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass
class Counts:
    """What became of the raw texts and of what the teacher found in them.

    Args:
        texts: Texts read.
        bad: Lines that hold no text, which were passed over.
        gold: Texts left out because they stand in the gold training texts: gold wins.
        repeated: Texts left out because they came before.
        marked: Texts that the teacher marked; what follows is of these.
        fates: How many entities were ``kept``, left ``missing`` or ``dropped``.
        labels: Label to the number of entities kept.
    """

    texts: int = 0
    bad: int = 0
    gold: int = 0
    repeated: int = 0
    marked: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """The counts for JSON, in a fixed order."""
        fates = {fate: self.fates[fate] for fate in ("kept", "missing", "dropped")}
        return {**asdict(self), "fates": fates, "labels": dict(sorted(self.labels.items()))}


def mark_silver(
    marker: Marker,
    texts: Path,
    corpus: Path,
    output: Path,
    thresholds: Thresholds,
    progress: Progress = lambda items: items,
) -> Counts:
    """Has a teacher mark raw texts, and writes them as span JSONL.

    An entity of which it is less sure than ``thresholds.keep`` is left as missing: its tokens are
    not learned as "no entity", which it may be nor not. Below ``thresholds.missing`` they are.

    Args:
        marker: The teacher, with confidences.
        texts: What ``predict`` reads: plain text, JSONL, CSV, Parquet, or a folder.
        corpus: Corpus directory made by convert; texts of its train are left out.
        output: The file to write.
        thresholds: What becomes of an entity, by its confidence.
        progress: Wraps the records as they are written.

    Raises:
        UserError: The texts cannot be read, or there is none that the teacher could mark.
    """
    counts = Counts()
    seen = {content_of(doc.text) or doc.text: True for doc in _train_docs(corpus)}
    labels = sorted(known_labels(marker.nlp))
    chosen = _new_texts(texts, seen, counts)
    with new_file(output) as temporary:
        records = (
            _record(marked, labels, thresholds, counts) for marked in marker.mark(chosen)
        )  # fmt: skip
        write_span_jsonl(progress(records), temporary, PLAIN, lambda notice: None)
        if not counts.marked:
            raise UserError(
                f"There is no text to mark: {counts.texts} read, {counts.gold} of them in train, "
                f"{counts.bad} lines without a text",
                where=str(texts),
            )
    return counts


def _train_docs(corpus: Path) -> Iterator[Any]:
    return read_docs(docbin_files(corpus / "train.spacy"), Vocab())


def _new_texts(texts: Path, seen: dict[str, bool], counts: Counts) -> Iterator[str]:
    """The texts that stand neither in the gold training texts nor earlier among themselves.

    Args:
        texts: What to read.
        seen: Letters and digits of a text to whether it is gold; the texts given are added.
        counts: Counts everything.
    """
    for item in (item for block in blocks(texts) for item in read_block(block)):
        if isinstance(item, Bad):
            counts.bad += 1
            continue
        counts.texts += 1
        key = content_of(item.text) or item.text
        if key in seen:
            counts.gold += seen[key]
            counts.repeated += not seen[key]
            continue
        seen[key] = False
        yield item.text


def _record(marked: Marked, labels: list[str], thresholds: Thresholds, counts: Counts) -> Record:
    spans, missing = [], []
    for ent in marked.ents:
        # A Marker with confidences gives every entity one.
        sure = ent.confidence or 0.0
        if sure >= thresholds.keep:
            fate = "kept"
            spans.append(Span(ent.start, ent.end, ent.label, meta={"filled": sure}))
            counts.labels[ent.label] += 1
        elif sure >= thresholds.missing:
            fate = "missing"
            missing.append((ent.start, ent.end))
        else:
            fate = "dropped"
        counts.fates[fate] += 1
    counts.marked += 1
    meta = {"annotated_labels": labels, FILLED: labels}
    return Record(marked.text, tuple(spans), counts.marked, meta, tuple(missing))


def student_corpus(
    corpus: Path,
    silver: Path,
    output: Path,
    settings: Settings,
    progress: Progress = lambda items: items,
) -> dict[str, Any]:
    """Makes the corpus that a student is trained on: gold and silver train, and the gold's own dev.

    ``convert`` reads both anew, and so takes out of train what stands, or nearly stands, in dev or
    test. Dev and test are then those of the gold corpus as they are, both golds included.

    Args:
        corpus: Corpus directory made by convert.
        silver: What ``mark_silver`` wrote.
        output: The corpus directory to write; it is replaced as a whole.
        settings: Language and seed of the gold corpus.
        progress: Wraps the chunks that are converted.

    Returns:
        The audit of the conversion.
    """
    with new_directory(output) as folder:
        inputs = {"train": folder / "train.jsonl"}
        with inputs["train"].open("w", encoding="utf8", newline="\n") as file:
            gold = folder / "gold.jsonl"
            write_span_jsonl(_gold_train(corpus), gold, PLAIN, lambda notice: None)
            for path in (gold, silver):
                with path.open(encoding="utf8", newline="\n") as lines:
                    shutil.copyfileobj(lines, file)
            gold.unlink()
        for split in ("dev", "test"):
            path = corpus / f"{split}.gold.jsonl"
            if path.is_file():
                inputs[split] = folder / f"{split}.jsonl"
                write_span_jsonl(_gold_judged(path), inputs[split], PLAIN, lambda notice: None)
        converted = folder / "converted"
        audit = convert(inputs, converted, settings, lambda items, _: progress(items))
        for path in inputs.values():
            path.unlink()
        for name in JUDGED:
            _remove(converted / name)
            if (corpus / name).exists():
                _copy(corpus / name, converted / name)
        for path in sorted(converted.iterdir()):
            path.rename(folder / path.name)
        converted.rmdir()
    return audit


def leaked(audit: dict[str, Any]) -> dict[str, int]:
    """How many training texts a conversion took out because dev or test has them, by fault."""
    found = dict.fromkeys(LEAKS, 0)
    for row in audit["record_faults"]:
        if row["fault"] in found:
            found[row["fault"]] = row["splits"].get("train", {}).get("dropped", 0)
    return found


def _gold_train(corpus: Path) -> Iterator[Record]:
    """The training Docs of a corpus as records; copies of a text, its weight, as one."""
    weights: Counter[str] = Counter(doc.text for doc in _train_docs(corpus))
    for file in docbin_files(corpus / "train.spacy"):
        for record in read_spacy_docbin(file, ReadOptions(), lambda notice: None):
            weight = weights.pop(record.text, 0)
            if weight:
                meta = {"weight": weight} if weight > 1 else {}
                yield Record(record.text, record.spans, record.line, meta, record.missing)


def _gold_judged(path: Path) -> Iterator[Record]:
    for line, gold in enumerate(read_gold(path), start=1):
        yield Record(gold.text, gold.ents, line, {}, gold.missing)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
