"""What a corpus' own offsets allow a model to score, and what learning its texts by heart scores.

    python -m benchmarks.offset_ceiling TRAIN VAL

By default the two files of BanglaNER (saiful9379), as `python -m spacy project assets --extra`
fetches them. Writes benchmarks/results/offset_ceiling.json and prints two tables;
docs/evaluation.md says how to read them. Without the files it says so and does nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import typer
from wasabi import msg

from scripts.annotations.edges import TokenEdges
from scripts.annotations.reading import read_records
from scripts.annotations.records import Record, Span
from scripts.common.files import md5_of_file
from scripts.corpora.fingerprints import content_of
from scripts.corpora.tokenizer import build_tokenizer, token_edges
from scripts.scoring.matching import match_spans

RESULTS = Path(__file__).parent / "results" / "offset_ceiling.json"
TRAIN = Path("assets/remote/banglaner_train.jsonl")
VAL = Path("assets/remote/banglaner_val.jsonl")
# The texts of val before the publisher added made-up ones behind them (its docs/experiemts.md:
# "Validation Data[1161]"); they hold 1,413 spans, the number behind its published P and R.
PUBLISHED = 1161

Edges = Callable[[str], TokenEdges]


@dataclass(frozen=True)
class Score:
    """Strict matches summed over texts; P, R and F in percent."""

    tp: int
    fp: int
    fn: int

    def as_dict(self) -> dict[str, float]:
        predicted, gold = self.tp + self.fp, self.tp + self.fn
        return {
            "p": _percent(self.tp, predicted),
            "r": _percent(self.tp, gold),
            "f": _percent(2 * self.tp, predicted + gold),
            **{"tp": self.tp, "fp": self.fp, "fn": self.fn},
        }


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def score(golds: Iterable[Iterable[Span]], guesses: Iterable[Iterable[Span]]) -> Score:
    """Strict scores: start, end and label equal; equal spans of a text count once."""
    sums: Counter[str] = Counter()
    for gold, guess in zip(golds, guesses, strict=True):
        match = match_spans(set(gold), set(guess))
        sums.update(tp=len(match.correct), fp=len(match.spurious), fn=len(match.missed))
    return Score(sums["tp"], sums["fp"], sums["fn"])


def silent(spans: Iterable[Span], edges: TokenEdges) -> set[Span]:
    """The most gold spans that one `doc.ents` can hold: on token edges, no two overlapping.

    Earliest end first, which is optimal for intervals. Nothing else is predicted. As
    F = 2 tp / (predicted + gold), predicted >= tp, and this tp is the largest possible, no model
    that answers in whole tokens without overlap has a higher F.
    """
    chosen: set[Span] = set()
    free = 0
    for span in sorted(set(spans), key=lambda s: (s.end, -s.start)):
        if span.start >= free and edges.fits(span.start, span.end):
            chosen.add(span)
            free = span.end
    return chosen


def answered(spans: Iterable[Span], edges: TokenEdges) -> set[Span]:
    """As `silent`, and the whole tokens under every other gold span where they are still free.

    What a model does that knows every name and cannot help answering in whole tokens.
    """
    chosen = silent(spans, edges)
    for span in sorted(set(spans) - chosen):
        grown = edges.grow(span.start, span.end)
        if grown and not any(grown[0] < s.end and s.start < grown[1] for s in chosen):
            chosen.add(Span(*grown, span.label))
    return chosen


def remember_texts(records: Iterable[Record]) -> dict[str, tuple[Span, ...]]:
    """Text to the spans of its first copy."""
    memory: dict[str, tuple[Span, ...]] = {}
    for record in records:
        memory.setdefault(record.text, record.spans)
    return memory


def remember_names(records: Iterable[Record]) -> dict[str, str]:
    """Surface of every span, trimmed, to its most frequent label (ties by name)."""
    counts: dict[str, Counter[str]] = {}
    for record in records:
        for span in record.spans:
            surface = record.text[span.start : span.end].strip()
            if surface:
                counts.setdefault(surface, Counter())[span.label] += 1
    return {s: min(c, key=lambda label: (-c[label], label)) for s, c in counts.items()}


def find_names(text: str, edges: TokenEdges, names: dict[str, str], longest: int) -> list[Span]:
    """Known surfaces on token edges, from left to right, the longest first."""
    found, i = [], 0
    while i < len(edges.starts):
        for j in range(min(i + longest, len(edges.ends)) - 1, i - 1, -1):
            start, end = edges.starts[i], edges.ends[j]
            label = names.get(text[start:end])
            if label:
                found.append(Span(start, end, label))
                i = j
                break
        i += 1
    return found


def ceilings(records: Sequence[Record], edges_of: Edges) -> dict[str, Any]:
    """Both ceilings of some records under one tokenizer."""
    golds = [set(record.spans) for record in records]
    edges = [edges_of(record.text) for record in records]
    return {
        "texts": len(records),
        "spans": sum(len(gold) for gold in golds),
        "on_token_edges": sum(
            e.fits(s.start, s.end) for g, e in zip(golds, edges, strict=True) for s in g
        ),
        "silent": score(golds, map(silent, golds, edges)).as_dict(),
        "answered": score(golds, map(answered, golds, edges)).as_dict(),
    }


def aligned(records: Iterable[Record], edges_of: Edges) -> list[Record]:
    """The records as strict alignment leaves them: spans off the token edges silently gone."""
    left = []
    for record in records:
        edges = edges_of(record.text)
        spans = tuple(s for s in record.spans if edges.fits(s.start, s.end))
        left.append(Record(record.text, spans, record.line, record.meta))
    return left


def memorisation(
    train: Sequence[Record], scored: Sequence[Record], edges_of: Edges
) -> dict[str, Any]:
    """Scores of two models that know train by heart and nothing else.

    ``texts`` gives a text of train its annotation and any other none; ``names`` marks every
    surface that train marks anywhere.
    """
    texts, names = remember_texts(train), remember_names(train)
    longest = max((len(edges_of(name).starts) for name in names), default=0)
    golds = [record.spans for record in scored]
    return {
        "texts": score(golds, (texts.get(r.text, ()) for r in scored)).as_dict(),
        "names": score(
            golds, (find_names(r.text, edges_of(r.text), names, longest) for r in scored)
        ).as_dict(),
    }


def overlap(train: Sequence[Record], val: Sequence[Record]) -> dict[str, int]:
    """How many texts of val stand in train: as they are, and by their letters and digits."""
    exact = {record.text for record in train}
    content = {content_of(record.text) for record in train}
    return {
        "texts": len(val),
        "same_text": sum(record.text in exact for record in val),
        "same_letters_and_digits": sum(content_of(record.text) in content for record in val),
    }


def measure(train: Sequence[Record], val: Sequence[Record], lang: str, first: int) -> dict:
    """Everything that the results file holds, but for the inputs."""
    nlps = {"stock": spacy.blank(lang), "ours": build_tokenizer(lang)}
    edges = {name: _edges_with(nlp) for name, nlp in nlps.items()}
    parts = {"train": train, "val": val, f"val, first {first:,}": val[:first]}
    strict = aligned(train, edges["stock"]), aligned(val, edges["stock"])
    return {
        "overlap": overlap(train, val),
        "ceilings": {
            name: {part: ceilings(records, of) for part, records in parts.items()}
            for name, of in edges.items()
        },
        "memorised": {
            **{f"{part}, as given": memorisation(train, records, edges["stock"])
               for part, records in parts.items()},
            "train, aligned spans alone": memorisation(strict[0], strict[0], edges["stock"]),
            "val, aligned spans alone": memorisation(strict[0], strict[1], edges["stock"]),
        },
    }  # fmt: skip


def _edges_with(nlp: spacy.language.Language) -> Edges:
    return lambda text: token_edges(nlp.make_doc(text))


def main(
    train: Path = typer.Argument(TRAIN),
    val: Path = typer.Argument(VAL),
    lang: str = typer.Option("bn"),
    first: int = typer.Option(PUBLISHED, help="Texts of val that were published on"),
    output: Path = typer.Option(RESULTS),
) -> None:
    """Measures, prints, writes."""
    absent = [path.as_posix() for path in (train, val) if not path.is_file()]
    if absent:
        msg.warn(
            f"Skipped: there is no {' and no '.join(absent)}",
            "Fetch them with: python -m spacy project assets --extra",
        )
        return
    result = measure(list(read_records(train)), list(read_records(val)), lang, first)
    inputs = {
        "train_md5": md5_of_file(train),
        "val_md5": md5_of_file(val),
        "spacy": spacy.__version__,
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"inputs": inputs, **result}, ensure_ascii=False, indent=2)
    output.write_text(text + "\n", encoding="utf8", newline="\n")
    _print(result)


def _print(result: dict[str, Any]) -> None:
    seen = result["overlap"]
    msg.text(
        f"Of {seen['texts']:,} texts of val, {seen['same_text']} stand in train as they are, "
        f"{seen['same_letters_and_digits']} by letters and digits"
    )
    rows = [
        (tokenizer, part, c["texts"], c["spans"], c["on_token_edges"],
         f"{c['silent']['r']:.2f}", f"{c['silent']['f']:.2f}", f"{c['answered']['f']:.2f}")
        for tokenizer, parts in result["ceilings"].items()
        for part, c in parts.items()
    ]  # fmt: skip
    header = ("tokenizer", "part", "texts", "spans", "on edges", "R", "F, silent", "F, answered")
    msg.divider("Highest strict score on the offsets as given, whole tokens")
    msg.table(rows, header=header, divider=True, aligns=["l", "l", *"r" * 6])
    rows = [
        (part, known, *(f"{values[key]:.2f}" for key in "prf"))
        for part, kinds in result["memorised"].items()
        for known, values in kinds.items()
    ]
    msg.divider("Learnt by heart from train")
    msg.table(
        rows, header=("scored on", "knows", "P", "R", "F"), divider=True, aligns=["l", "l", *"rrr"]
    )


if __name__ == "__main__":
    typer.run(main)
