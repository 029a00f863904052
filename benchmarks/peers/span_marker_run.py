"""SpanMarker on an exported corpus, with its own defaults.

    PEERS/bin/python -m benchmarks.peers.span_marker_run --data EXPORT --encoder DIR --output DIR

SpanMarker has no way to leave words unlearned: where the annotation is missing it learns O, and
how many words that concerns is counted, as are the entities beyond --entity-max-length. Texts
longer than --max-length are divided into windows of whole words instead of being cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from datasets import Dataset
from span_marker import SpanMarkerModel, Trainer
from transformers import set_seed

from benchmarks.peers.data import (
    OUTSIDE,
    Span,
    Text,
    read_facts,
    read_texts,
    spans_of,
    tag_names,
    whole_tags,
)
from benchmarks.peers.hf_tokens import Encoded
from benchmarks.peers.training import OVERLAP, longest_input, parser, train_and_predict


def training_data(texts: Sequence[Text], encoded: Encoded, index: dict[str, int]) -> Dataset:
    """Windows of texts as SpanMarker takes them; missing annotation becomes O."""
    tokens, numbers = [], []
    for text in texts:
        words = text.words
        for window in encoded.windows(text, 0):
            tokens.append([words[i] for i in window.words])
            tags = whole_tags([text.tags[i] or OUTSIDE for i in window.words])
            numbers.append([index[tag] for tag in tags])
    return Dataset.from_dict({"tokens": tokens, "ner_tags": numbers})


def predict(
    model: SpanMarkerModel, encoded: Encoded, texts: Sequence[Text], batch: int
) -> list[list[Span]]:
    """Spans of texts; of overlapping windows, the one that owns an entity's first word."""
    places, tokens = [], []
    for number, text in enumerate(texts):
        words = text.words
        for window in encoded.windows(text, OVERLAP):
            places.append((number, window))
            tokens.append([words[i] for i in window.words])
    # A list of one text would be taken for a sentence; a Dataset never is.
    results = model.predict(Dataset.from_dict({"tokens": tokens}), batch_size=batch)
    found: list[list[Span]] = [[] for _ in texts]
    for (number, window), entities in zip(places, results, strict=True):
        offsets = texts[number].offsets
        for entity in entities:
            first, after = entity["word_start_index"], entity["word_end_index"]
            if window.own[0] <= first < window.own[1]:
                start, end = offsets[window.words[first]][0], offsets[window.words[after - 1]][1]
                found[number].append((start, end, entity["label"]))
    return found


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--entity-max-length", type=int, default=8, help="In words")
    options.add_argument("--marker-max-length", type=int, default=128, help="Spans an input")
    options = options.parse_args()
    set_seed(options.seed)
    tags = tag_names(read_facts(options.data)["labels"])
    encoded = Encoded(options.encoder, options.max_length)
    train = read_texts(options.data / "train.jsonl")
    data = training_data(train, encoded, {tag: i for i, tag in enumerate(tags)})
    model = SpanMarkerModel.from_pretrained(
        options.encoder,
        labels=tags,
        model_max_length=longest_input(options.encoder, options.max_length),
        marker_max_length=options.marker_max_length,
        entity_max_length=options.entity_max_length,
    )
    try_cuda = getattr(model, "try_cuda", None)
    if try_cuda:
        try_cuda()
    more = {
        "span_marker": version("span_marker"),
        "windows": len(data),
        "entities_beyond_max_length": _too_long(train, options.entity_max_length),
        "missing_words_learned_as_o": sum(tag is None for text in train for tag in text.tags),
    }

    def make_trainer(callbacks: list[Any], arguments: Any) -> Trainer:
        return Trainer(model=model, args=arguments, train_dataset=data, callbacks=callbacks)

    train_and_predict(
        "SpanMarker", options, make_trainer,
        lambda texts: predict(model, encoded, texts, options.batch), more,
    )  # fmt: skip


def _too_long(texts: Sequence[Text], limit: int) -> int:
    """Number of entities with more words than SpanMarker looks at."""
    return sum(
        sum(start <= a and b <= end for a, b in text.offsets) > limit
        for text in texts
        for start, end, _ in spans_of(text.tags, text.offsets)
    )


if __name__ == "__main__":
    main()
