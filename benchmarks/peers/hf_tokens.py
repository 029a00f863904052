"""Token classification with the Hugging Face Trainer, on an exported corpus.

    PEERS/bin/python -m benchmarks.peers.hf_tokens --data EXPORT --encoder DIR --output DIR

IOB2 tags on the first wordpiece of each word, -100 (not learned) on the others and where the
annotation is missing, as in the token classification examples of transformers. Texts longer than
--max-length are divided into windows: nothing is cut off but what is beyond it in one word, and
that is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    set_seed,
)

from benchmarks.peers.data import (
    Span,
    Text,
    Window,
    read_facts,
    read_texts,
    spans_of,
    split_windows,
    tag_names,
    whole_tags,
)
from benchmarks.peers.training import OVERLAP, longest_input, parser, train_and_predict

IGNORED = -100
PREDICTION_BATCH = 64
# Byte-level tokenizers must be told that each word follows a blank.
BYTE_LEVEL = ("roberta", "gpt2", "deberta", "longformer", "bart")


class Encoded:
    """A tokenizer and the longest input: words to wordpieces, in windows.

    Args:
        encoder: Encoder directory.
        max_length: Wordpieces of a window, special ones included.
    """

    def __init__(self, encoder: str, max_length: int) -> None:
        kind = AutoConfig.from_pretrained(encoder).model_type
        more = {"add_prefix_space": True} if kind in BYTE_LEVEL else {}
        self.tokenizer = AutoTokenizer.from_pretrained(encoder, use_fast=True, **more)
        self.max_length = longest_input(encoder, max_length)
        self.limit = self.max_length - self.tokenizer.num_special_tokens_to_add()

    def windows(self, text: Text, overlap: int) -> list[Window]:
        return split_windows(self.pieces(text), self.limit, overlap)

    def pieces(self, text: Text) -> list[int]:
        """Number of wordpieces of each word."""
        counts = [0] * len(text.offsets)
        if counts:
            ids = self.tokenizer(text.words, is_split_into_words=True, add_special_tokens=False,
                                 verbose=False).word_ids()  # fmt: skip
            for word in ids:
                counts[word] += 1
        return counts

    def encode(self, words: Sequence[str]) -> tuple[dict[str, list[int]], list[int]]:
        """Input of a window, and the position of each word's first wordpiece."""
        found = self.tokenizer(
            list(words), is_split_into_words=True, truncation=True, max_length=self.max_length
        )
        firsts: dict[int, int] = {}
        for position, word in enumerate(found.word_ids()):
            if word is not None:
                firsts.setdefault(word, position)
        return dict(found), [firsts[i] for i in range(len(words))]


def training_items(
    texts: Sequence[Text], encoded: Encoded, index: dict[str, int]
) -> list[dict[str, list[int]]]:
    """Windows of texts with labels for the Trainer."""
    items = []
    for text in texts:
        words = text.words
        for window in encoded.windows(text, 0):
            inputs, firsts = encoded.encode([words[i] for i in window.words])
            labels = [IGNORED] * len(inputs["input_ids"])
            for position, tag in zip(
                firsts, whole_tags([text.tags[i] for i in window.words]), strict=True
            ):
                if tag is not None:
                    labels[position] = index[tag]
            items.append({**inputs, "labels": labels})
    return items


def predict(
    model: Any, encoded: Encoded, texts: Sequence[Text], tags: Sequence[str]
) -> list[list[Span]]:
    """Spans of texts; windows overlap, and a word is judged where it has context."""
    model.eval()
    found: list[list[str | None]] = [[None] * len(text.offsets) for text in texts]
    work = []
    for number, text in enumerate(texts):
        words = text.words
        for window in encoded.windows(text, OVERLAP):
            work.append((number, window, *encoded.encode([words[i] for i in window.words])))
    work.sort(key=lambda item: len(item[2]["input_ids"]))
    for start in range(0, len(work), PREDICTION_BATCH):
        batch = work[start : start + PREDICTION_BATCH]
        inputs = encoded.tokenizer.pad([item[2] for item in batch], return_tensors="pt")
        with torch.inference_mode():
            best = model(**inputs.to(model.device)).logits.argmax(-1).tolist()
        for (number, window, _, firsts), row in zip(batch, best, strict=True):
            for i in range(*window.own):
                found[number][window.words[i]] = tags[row[firsts[i]]]
    return [spans_of(row, text.offsets) for row, text in zip(found, texts, strict=True)]


def main() -> None:
    options = parser(__doc__).parse_args()
    set_seed(options.seed)
    tags = tag_names(read_facts(options.data)["labels"])
    index = {tag: i for i, tag in enumerate(tags)}
    encoded = Encoded(options.encoder, options.max_length)
    train = read_texts(options.data / "train.jsonl")
    items = training_items(train, encoded, index)
    model = AutoModelForTokenClassification.from_pretrained(
        options.encoder, num_labels=len(tags), id2label=dict(enumerate(tags)), label2id=index
    )
    counts = [encoded.pieces(text) for text in train]
    more = {
        "windows": len(items),
        "texts_in_several_windows": sum(len(encoded.windows(text, 0)) > 1 for text in train),
        "words_cut": sum(n > encoded.limit for row in counts for n in row),
        "words_without_wordpiece": sum(n == 0 for row in counts for n in row),
    }

    def make_trainer(callbacks: list[Any], arguments: Any) -> Trainer:
        return Trainer(
            model=model, args=arguments, train_dataset=items, callbacks=callbacks,
            data_collator=DataCollatorForTokenClassification(encoded.tokenizer),
        )  # fmt: skip

    train_and_predict(
        "transformers Trainer", options, make_trainer,
        lambda texts: predict(model, encoded, texts, tags), more,
    )  # fmt: skip


if __name__ == "__main__":
    main()
