"""Folds of the training texts, and the small corpus that each fold's pipeline is trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from spacy.language import Language
from spacy.tokens import DocBin

from ..common.errors import UserError
from ..common.files import write_json
from ..corpora.docs import to_doc
from ..corpora.splitting import split_groups
from .texts import TrainingText

# Share of a fold's training texts on which its best checkpoint is chosen.
DEV_SHARE = 0.1


def assign_folds(
    groups: Sequence[int], labels: Sequence[Mapping[int, int]], folds: int, seed: int
) -> list[int]:
    """Deals every text to a fold, whole groups at a time, labels spread evenly.

    Args:
        groups: Group number of each text.
        labels: Label number to count, for each text.
        folds: Number of folds.
        seed: Decides the order in which equal groups are dealt.

    Returns:
        The fold of each text, from 0.

    Raises:
        UserError: There are too few groups to fill every fold.
    """
    shares = {str(fold): 1 / folds for fold in range(folds)}
    chosen = [int(fold) for fold in split_groups(groups, labels, shares, seed)]
    if len(set(chosen)) < folds:
        raise UserError(
            f"{len(set(groups))} independent groups of texts do not fill {folds} folds",
            todo="Near-duplicates and parts of one document stay together. Use fewer --folds.",
        )
    return chosen


def write_fold_corpus(
    folder: Path,
    texts: Sequence[TrainingText],
    groups: Sequence[int],
    nlp: Language,
    *,
    fold: int,
    seed: int,
) -> None:
    """Writes the texts outside a fold as a corpus directory that the train command takes.

    Its dev is a tenth of them, so that no checkpoint is chosen on the texts to be judged.

    Args:
        folder: The directory to make.
        texts: Texts outside the fold.
        groups: Group number of each.
        nlp: Tokenizer by which they were audited.
        fold: Number of the fold, noted down.
        seed: Of the draw of dev.

    Raises:
        UserError: They are too few to set some aside.
    """
    labels = [Counter(span.label for span in text.ents) for text in texts]
    numbers = {label: i for i, label in enumerate(sorted(set().union(*labels)))}
    counts = [{numbers[label]: n for label, n in found.items()} for found in labels]
    parts = split_groups(groups, counts, {"train": 1 - DEV_SHARE, "dev": DEV_SHARE}, seed)
    folder.mkdir(parents=True)
    for name in ("train", "dev"):
        chosen = [text for text, part in zip(texts, parts, strict=True) if part == name]
        if not any(text.ents for text in chosen):
            raise UserError(
                f"The texts outside of fold {fold} leave no span for {name}",
                todo="They are too few, or too alike, for a cross-prediction.",
            )
        docs = DocBin(docs=[to_doc(nlp.make_doc(text.text), text.audit) for text in chosen])
        docs.to_disk(folder / f"{name}.spacy")
    nlp.to_disk(folder / "tokenizer")
    # The train command notes the md5 of this file in the pipeline that it saves.
    write_json(folder / "audit.json", {"fold": fold, "seed": seed, "texts": len(texts)})
