"""Find likely annotation errors in the training set, to be reviewed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from tqdm import tqdm
from wasabi import msg

from .annotations import command_options as reading
from .annotations.faults import parse_policies
from .common.console import print_table, run
from .common.devices import find_device
from .common.files import check_replaceable, md5_of_path
from .common.tables import Table
from .quality.cross import CrossSettings
from .quality.review import PAGE, SUMMARY, SURFACES, SUSPECTS, write_review
from .quality.search import Found, find_suspects
from .quality.suspects import KINDS

SHOWN = 10


def main(
    ctx: typer.Context,
    train: Path = typer.Option(..., help="Annotated texts to look through"),
    output: Path = typer.Option(Path("suspects"), "--output", "-o", help="Directory to write"),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the texts"),
    config: Path = typer.Option(Path("configs/ner_cpu.cfg"), help="Training config"),
    encoder: Path = typer.Option(
        Path("assets/encoders/selected"), help="Encoder directory, for a config with one"
    ),
    folds: int = typer.Option(5, min=2, help="Parts of which each is judged by the others"),
    models: int = typer.Option(1, min=1, help="Pipelines a fold, averaged; 3 are steadier than 1"),
    steps: int = typer.Option(0, min=0, help="Updates of each training; 0: about four passes"),
    jobs: int = typer.Option(1, min=1, help="Trainings at a time"),
    gpu_id: str = typer.Option("-1", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    seed: int = typer.Option(0, help="Of folds and trainings"),
    sections: list[str] = typer.Option(
        [], "--with", help="Config section to merge in, see docs/training.md; may be repeated"
    ),
    limit: int = typer.Option(1000, min=0, help="Suspects to write at most; 0: all"),
    file_format: str | None = reading.FORMAT,
    text_key: str = reading.TEXT_KEY,
    spans_key: str | None = reading.SPANS_KEY,
    offset_unit: str = reading.OFFSET_UNIT,
    spacing: str = reading.SPACING,
    scheme: str = reading.SCHEME,
    columns: str | None = reading.COLUMNS,
    layer: str | None = reading.LAYER,
    annotators: str = reading.ANNOTATORS,
    label_map: Path | None = reading.LABEL_MAP,
    policy: list[str] = typer.Option([], "--policy", "-p", help="FAULT=POLICY; may be repeated"),
) -> None:
    """Find likely annotation errors in the training set, to be reviewed in a browser.

    Pipelines trained on the other parts judge each part; and the same words annotated in one
    place and not in another are compared. Nothing is changed: python -m scripts.apply_review takes
    reviewed decisions into a copy. Further options of the form --section.key VALUE override the
    config.
    """
    options = reading.read_options(
        lang=lang, file_format=file_format, text_key=text_key, spans_key=spans_key,
        offset_unit=offset_unit, spacing=spacing, scheme=scheme, columns=columns, layer=layer,
        annotators=annotators, label_map=label_map,
    )  # fmt: skip
    # The trainings run in the project's directory.
    merged = [word for name in sections for word in ("--with", _anywhere(name))]
    check_replaceable(output, (SUSPECTS, PAGE, SURFACES, SUMMARY))
    settings = CrossSettings(
        config=config, lang=lang, folds=folds, models=models, steps=steps, jobs=jobs,
        gpu_id=find_device(gpu_id).gpu_id, encoder=encoder, seed=seed,
        options=(*merged, *ctx.args),
    )  # fmt: skip
    found = find_suspects(train, options, parse_policies(policy), settings, progress=_progress)
    written = write_review(found, output, limit=limit, summary=_summary(train, settings))
    _print(found, written, output)


def _anywhere(section: str) -> str:
    """A section's name, or its path from any directory."""
    return str(Path(section).resolve()) if section.endswith(".cfg") else section


def _summary(train: Path, settings: CrossSettings) -> dict[str, Any]:
    """What the suspects were found in, and how."""
    values = asdict(settings).items()
    return {
        "train": {"path": train.as_posix(), "md5": md5_of_path(train)},
        "settings": {k: v.as_posix() if isinstance(v, Path) else v for k, v in values},
    }


def _progress(items: Iterable[Any], name: str) -> Iterable[Any]:
    return tqdm(items, desc=name, disable=None)


def _print(found: Found, written: int, output: Path) -> None:
    scores = found.scores
    if scores["f"] is not None:
        msg.text(
            f"The pipelines agree with the annotation as it is by F {scores['f']:.1%} (strict, "
            "repaired gold, each text predicted without it). The lower this is, the less the "
            "suspects are worth."
        )
    if found.training.left_out:
        msg.warn(f"{found.training.left_out} records that the policies drop were not judged")
    rows = [(kind, sum(s.kind == kind for s in found.suspects), KINDS[kind]) for kind in KINDS]
    print_table(Table("Suspects", ("kind", "number", "meaning"), rows))
    first = [
        (f"{s.confidence:.2f}", s.kind, s.text.source, _words(s, s.gold), _words(s, s.suggestion))
        for s in found.suspects[:SHOWN]
    ]
    print_table(Table("The first", ("confidence", "kind", "where", "gold", "suggestion"), first))
    msg.good(
        f"{written} of {len(found.suspects)} suspects and {len(found.surfaces)} surfaces that are "
        f"not annotated alike: {output}"
    )
    msg.text(f"Review them in a browser: {output / PAGE}")


def _words(suspect: Any, span: Any) -> str:
    return f"{suspect.text.text[span.start : span.end]} {span.label}" if span else "–"


if __name__ == "__main__":
    run(main, more_options=True)
