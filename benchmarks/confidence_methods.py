"""Which confidence tells right entities from wrong ones: the greedy path's, or a beam's marginals.

    python -m benchmarks.confidence_methods MODEL GOLD.jsonl [GOLD.jsonl …]

Prints, for each, the share of pairs of a right and a wrong entity that it orders rightly (AUROC),
the area under the risk-coverage curve (less is better), the calibration error without any
calibration, the share of entities that get 0, and the seconds it adds; writes
benchmarks/results/confidence_methods.json.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import typer
from spacy.pipeline import EntityRecognizer
from spacy.tokens import Doc
from spacy.util import minibatch

from scripts.annotations.schemes import TokenSpan
from scripts.common.console import print_table
from scripts.common.tables import Table
from scripts.corpora.gold import read_gold
from scripts.inference.confidence import entity_probabilities
from scripts.inference.predict import ent_spans, load_pipeline
from scripts.scoring.calibration import Judged, expected_error, judge, reliability, risk_coverage

RESULTS = Path(__file__).parent / "results" / "confidence_methods.json"
BATCH = 128
HEADER = ("method", "auroc", "aurc", "ece", "zero", "seconds")


def auroc(judged: Judged) -> float:
    """Share of right-wrong pairs in which the right one is surer; ties count half."""
    right = judged.confidence[judged.correct][:, None]
    wrong = judged.confidence[~judged.correct]
    return float(np.mean((right > wrong) + 0.5 * (right == wrong)))


def main(model: Path, gold: list[Path]) -> None:
    """Compares the confidences on the entities that greedy decoding gives."""
    nlp = load_pipeline(model, -1)
    ner = nlp.get_pipe("ner")
    records = [record for path in gold for record in read_gold(path)]
    after = nlp.pipe_names[nlp.pipe_names.index("ner") + 1 :]
    docs = list(nlp.pipe((record.text for record in records), disable=after))
    rows = []
    for name, width in (("path", None), ("beam 8", 8), ("beam 16", 16), ("beam 32", 32)):
        started = time.perf_counter()
        scored = []
        for batch in minibatch(range(len(docs)), BATCH):
            some = [docs[i] for i in batch]
            scored += entity_probabilities(ner, some) if width is None else _beam(ner, some, width)
        seconds = time.perf_counter() - started
        predicted = [
            {span: own.get((e.start, e.end, e.label_), 0.0)
             for span, e in zip(ent_spans(doc), doc.ents, strict=True)}
            for doc, own in zip(docs, scored, strict=True)
        ]  # fmt: skip
        judged = judge(records, predicted)
        error = expected_error(reliability(judged.confidence, judged.correct))
        zero = float(np.mean(judged.confidence == 0))
        values = (auroc(judged), risk_coverage(judged)[1], error, zero, seconds)
        rows.append((name, *(round(value, 3) for value in values)))
    title = f"{model}: {len(judged.confidence)} entities, {judged.correct.mean():.1%} right"
    print_table(Table(title, HEADER, rows))
    result = {
        "gold": [path.as_posix() for path in gold],
        "entities": len(judged.confidence),
        "precision": round(float(judged.correct.mean()), 4),
        "rows": [dict(zip(HEADER, row, strict=True)) for row in rows],
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf8")


def _beam(ner: EntityRecognizer, docs: list[Doc], width: int) -> list[dict[TokenSpan, float]]:
    """For each entity, the summed probability of the parses with it.

    The entities are taken off meanwhile: the beam would be held to them.
    """
    ents = [doc.ents for doc in docs]
    for doc in docs:
        doc.set_ents([], default="missing")
    beams = ner.beam_parse(docs, beam_width=width, beam_density=0.0)
    found = []
    for doc, own, beam in zip(docs, ents, beams, strict=True):
        mass = {(e.start, e.end, e.label_): 0.0 for e in own}
        for probability, spans in ner.moves.get_beam_parses(beam):
            for span in mass.keys() & set(spans):
                mass[span] += probability
        found.append(mass)
        doc.set_ents(list(own), default="outside")
    return found


if __name__ == "__main__":
    typer.run(main)
