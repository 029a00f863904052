"""A batcher that changes part of the training texts anew in every epoch.

spaCy's training loop reads the corpus once and gives the same Examples to the batcher in every
epoch: an augmenter of the corpus would make one change, for good.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from ...common.errors import UserError
from .edits import Edit
from .examples import MOST_STRINGS, make_example, scratch_tokenizer

# Where more of the changed texts than this cannot be used, the user is told.
MANY_UNUSABLE = 0.2

logger = logging.getLogger("spacy")

Batcher = Callable[[Iterable[Example]], Iterable[list[Example]]]


class Augmenter(Protocol):
    """What changes texts."""

    def prepare(self, docs: Sequence[Doc]) -> None:
        """Is given the whole training set once, before the first epoch."""
        ...

    def edits(self, doc: Doc, rng: random.Random) -> list[Edit]:
        """Changes of an annotated Doc's text, drawn by rng: rising, none overlapping another."""
        ...


class AugmentedBatches:
    """Gives part of the Examples with changed texts to another batcher, other ones each epoch.

    A changed text whose spans are not on token edges is not used; the one before it is. ``counts``
    holds, of the last epoch, the number of ``texts``, of those that were ``drawn`` to be changed
    and ``changed``, and of changes that were ``unusable``.

    Args:
        batcher: Makes the batches.
        augmenters: Change a text one after the other, by name.
        tokenizer: Blank pipeline with the tokenizer of the pipeline that is trained.
        level: Share of the texts that are drawn in an epoch, above 0 and up to 1.
        seed: Decides, with the number of the epoch, all that is drawn.

    Raises:
        UserError: The level is no such share, or there is no augmenter.
    """

    def __init__(
        self,
        batcher: Batcher,
        augmenters: dict[str, Augmenter],
        tokenizer: Path,
        level: float,
        seed: int,
    ) -> None:
        if not 0 < level <= 1:
            raise UserError(
                f"The level of augmentation is {level}",
                where="[training.batcher] level",
                todo="It is a share of the texts, above 0 and up to 1.",
            )
        if not augmenters:
            raise UserError(
                "There is nothing to augment with",
                where="[training.batcher.augmenters]",
                todo="Add a section such as configs/sections/augment.cfg has.",
            )
        self.batcher = batcher
        self.augmenters = augmenters
        self.tokenizer = tokenizer
        self.level = level
        self.seed = seed
        self.epoch = 0
        self.counts: Counter[str] = Counter()
        self._scratch: Language | None = None

    def __call__(self, examples: Iterable[Example]) -> Iterator[list[Example]]:
        """The batches of the next epoch.

        Raises:
            UserError: The training set is streamed, so that it cannot be looked at as a whole.
        """
        if not isinstance(examples, list):
            raise UserError(
                "A streamed training set cannot be augmented",
                where="[training] max_epochs = -1",
                todo="Set it to 0 (no limit) or to a number of epochs.",
            )
        if self.epoch == 0:
            for augmenter in self.augmenters.values():
                augmenter.prepare([example.reference for example in examples])
        # A string seeds by its SHA-512, which no PYTHONHASHSEED changes.
        rng = random.Random(f"{self.seed}:{self.epoch}")
        self.counts = Counter(texts=len(examples))
        yield from self.batcher(self._augmented(examples, rng))
        if self.epoch == 0:
            self._tell()
        self.epoch += 1

    def _augmented(self, examples: list[Example], rng: random.Random) -> Iterator[Example]:
        for example in examples:
            if rng.random() < self.level:
                self.counts["drawn"] += 1
                # A generator of its own: how much one text needs does not decide on the others.
                yield self._changed(example, random.Random(rng.getrandbits(64)))
            else:
                yield example

    def _changed(self, original: Example, rng: random.Random) -> Example:
        example = original
        for augmenter in self.augmenters.values():
            edits = augmenter.edits(example.reference, rng)
            if not edits:
                continue
            new = make_example(example, edits, self._tokenizer(original).make_doc)
            if new is None:
                self.counts["unusable"] += 1
            else:
                example = new
        self.counts["changed"] += example is not original
        return example

    def _tokenizer(self, example: Example) -> Language:
        if self._scratch is None or len(self._scratch.vocab.strings) > MOST_STRINGS:
            self._scratch = scratch_tokenizer(self.tokenizer, example.predicted.vocab)
        return self._scratch

    def _tell(self) -> None:
        n = self.counts
        said = (
            f"Augmentation, first epoch: {n['changed']} of {n['texts']} texts changed, "
            f"{n['unusable']} changes not used, since a span would not be on token edges"
        )
        many = n["unusable"] > MANY_UNUSABLE * (n["changed"] + n["unusable"])
        if many or (n["drawn"] and not n["changed"]):
            logger.warning(said)
        else:
            logger.info(said)


@registry.batchers("spans.augmented_batches.v1")
def create_augmented_batches(
    batcher: Callable, augmenters: dict[str, Any], tokenizer: Path, level: float, seed: int
) -> AugmentedBatches:
    """Batches of another batcher, with part of the texts changed anew in every epoch.

    Args:
        batcher: The other batcher, ``[training.batcher.batcher]``.
        augmenters: One block each, ``[training.batcher.augmenters.NAME]``; texts pass through
            all of them, in order.
        tokenizer: Blank pipeline with the pipeline's tokenizer: ``${paths.tokenizer}``.
        level: Share of the texts that are drawn to be changed in an epoch.
        seed: ``${system.seed}``.

    Raises:
        UserError: A setting makes no sense.
    """
    return AugmentedBatches(batcher, augmenters, tokenizer, level, seed)
