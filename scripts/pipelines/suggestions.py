"""What a span categorizer suggests: as long as the spans of the corpus, up to a cap."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import srsly
from spacy.vocab import Vocab

from ..common.errors import UserError
from ..corpora.coverage import SpanLengths, count_lengths
from ..corpora.docbins import docbin_files, read_docs

FACTORIES = ("spancat", "spancat_singlelabel")
# The key of a component that names none (SpanCategorizer in spacy/pipeline/spancat.py).
DEFAULT_KEY = "sc"
RANGE_SUGGESTER = "spacy.ngram_range_suggester.v1"
# Suggestions, and with them time and memory, grow in proportion to the longest size. Names of more
# tokens are rare; docs/spancat.md has counts.
LONGEST = 12


def is_spancat(component: Mapping[str, Any]) -> bool:
    """Whether a component of a config is a span categorizer."""
    return component.get("factory") in FACTORIES


def spancats(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The span categorizers of a config's pipeline, by name, in order."""
    components = config.get("components", {})
    names = [name for name in config["nlp"]["pipeline"] if name in components]
    return {name: components[name] for name in names if is_spancat(components[name])}


def entity_labels(labels: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """The labels of the component that marks entities.

    Args:
        labels: Component to its labels, as meta.json has them.
        config: The pipeline's config.
    """
    names = ["ner", *reversed(spancats(config))]
    return list(next((labels[name] for name in names if name in labels), ()))


def corpus_spans_key(corpus: Path) -> str | None:
    """The key under which a corpus holds spans for a span categorizer; None if it holds none."""
    return _audit(corpus).get("spans_key")


def has_missing(corpus: Path) -> bool:
    """Whether training texts of a corpus have places left missing."""
    train = _audit(corpus).get("splits", {}).get("train", {})
    return bool(train.get("docs_with_missing"))


def has_overlaps(corpus: Path) -> bool:
    """Whether training spans of a corpus for a span categorizer share tokens."""
    train = _audit(corpus).get("splits", {}).get("train", {})
    return bool(train.get("spans", {}).get("overlapping"))


def _audit(corpus: Path) -> dict[str, Any]:
    path = corpus / "audit.json"
    return srsly.read_json(path) if path.is_file() else {}


def train_lengths(corpus: Path, split: str = "train") -> SpanLengths:
    """The lengths of the spans of a corpus that are trained on.

    Raises:
        UserError: There is no such corpus.
    """
    docs = read_docs(docbin_files(corpus / f"{split}.spacy"), Vocab())
    return count_lengths(docs, corpus_spans_key(corpus))


def suggester_settings(config: Mapping[str, Any], corpus: Path) -> dict[str, Any]:
    """The overrides that make a config's suggesters fit a corpus, as ``section.key`` to value.

    The largest size is the length of the longest training span, ``LONGEST`` at most. Suggesters
    of another kind than a range of sizes are the user's own, and are left alone.

    Args:
        config: The config.
        corpus: Corpus directory.

    Raises:
        UserError: The corpus was not made for a span categorizer, or for another key.
    """
    found = spancats(config)
    if not found:
        return {}
    key = corpus_spans_key(corpus)
    settings: dict[str, Any] = {}
    for name, component in found.items():
        wanted = component.get("spans_key", DEFAULT_KEY)
        if key != wanted:
            held = f"holds spans under {key!r}" if key else "holds no spans for one"
            raise UserError(
                f"The span categorizer learns doc.spans[{wanted!r}], but the corpus {held}",
                where=str(corpus),
                todo=f"Make the corpus with: python -m scripts.convert … --spans {wanted}, in the "
                f'project: --vars.convert_options " --spans {wanted}"',
            )
        if component.get("suggester", {}).get("@misc") == RANGE_SUGGESTER:
            longest = max(1, min(train_lengths(corpus).longest, LONGEST))
            settings[f"components.{name}.suggester.max_size"] = longest
    return settings
