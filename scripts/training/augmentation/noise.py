"""Typing and spacing noise: augmenty's words and blanks, our annotation.

augmenty makes a Doc of its own of what it has changed. In version 1.4.4 it marks the tokens whose
annotation is missing as outside of all names, fails on a Doc with span groups if it changes blanks,
and draws from the random numbers that spaCy shuffles by. So it is given the bare words, and what it
makes of each is put into the text as edits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from string import ascii_lowercase
from typing import Any

import spacy
from catalogue import RegistryError
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from ...common.errors import UserError
from .edits import Edit
from .examples import MOST_STRINGS

WHERE = "[training.batcher.augmenters]"
# Words on which an augmenter is tried: with a level of 0.01, ten are changed.
PROBE = 1000
TODO = "Install it: python -m pip install -r requirements-augment.txt"


class WordNoise:
    """Changes words and the blanks between them by an augmenter of augmenty.

    Args:
        name: What augmenty calls the augmenter.
        augmenter: The augmenter; one that keeps the number of words.
    """

    def __init__(self, name: str, augmenter: Callable[[Language, Example], Any]) -> None:
        self.name = name
        self.augmenter = augmenter
        self.nlp = spacy.blank("xx")

    def prepare(self, docs: Sequence[Doc]) -> None:
        """Needs nothing of the training set."""

    def edits(self, doc: Doc, rng: random.Random) -> list[Edit]:
        """The words and blanks that are to be other ones.

        Raises:
            UserError: The augmenter changed the number of words, or gave another number of texts.
        """
        spaces = [bool(token.whitespace_) for token in doc]
        words, spaces = self._changed([token.text for token in doc], spaces, rng)
        edits = []
        for token, word, space in zip(doc, words, spaces, strict=True):
            end = token.idx + len(token)
            if word != token.text:
                edits.append(Edit(token.idx, end, word))
            if space != bool(token.whitespace_):
                edits.append(Edit(end, end, " ") if space else Edit(end, end + 1, ""))
        return edits

    def check(self) -> None:
        """Tries the augmenter on words that noise in their letters cannot turn into each other.

        Raises:
            UserError: One of them came out in another's place, or not as many as went in.
        """
        rng = random.Random(0)
        words = ["".join(rng.choices(ascii_lowercase, k=12)) for _ in range(PROBE)]
        changed, _ = self._changed(words, [True] * PROBE, rng)
        places = {word: place for place, word in enumerate(words)}
        if any(places.get(word, place) != place for place, word in enumerate(changed)):
            raise self._refusal()

    def _changed(
        self, words: list[str], spaces: list[bool], rng: random.Random
    ) -> tuple[list[str], list[bool]]:
        if len(self.nlp.vocab.strings) > MOST_STRINGS:
            self.nlp = spacy.blank("xx")
        bare = Doc(self.nlp.vocab, words=words, spaces=spaces)
        with _drawing_from(rng):
            changed = [
                example.reference for example in self.augmenter(self.nlp, Example(bare, bare))
            ]
        if len(changed) != 1 or len(changed[0]) != len(words):
            raise self._refusal()
        return [t.text for t in changed[0]], [bool(t.whitespace_) for t in changed[0]]

    def _refusal(self) -> UserError:
        return UserError(
            f"augmenty's {self.name} does not keep the words of a text apart",
            where=WHERE,
            todo="Use one that changes letters or blanks, such as char_replace_v1, "
            "keystroke_error_v1 or remove_spacing_v1.",
        )


@registry.augmenters("spans.augmenty.v1")
def create_word_noise(name: str, settings: dict[str, Any]) -> WordNoise:
    """Changes words and blanks by an augmenter of augmenty, and keeps the annotation in place.

    Args:
        name: What augmenty calls the augmenter, such as ``char_replace_v1``.
        settings: Its own settings, by name.

    Raises:
        UserError: augmenty is not installed, knows no such augmenter, or not these settings, or the
            augmenter changes the number or the order of words.
    """
    try:
        import augmenty
    except ImportError:
        raise UserError("Typing and spacing noise need augmenty", where=WHERE, todo=TODO) from None
    try:
        noise = WordNoise(name, augmenty.load(name, **settings))
        noise.check()
    except (RegistryError, TypeError, ValueError) as error:
        raise UserError(
            f"augmenty cannot make {name!r} with these settings", where=WHERE, todo=str(error)
        ) from None
    return noise


@contextmanager
def _drawing_from(rng: random.Random) -> Iterator[None]:
    """Lets the module-level random numbers come from a generator while the block runs."""
    state = random.getstate()
    random.seed(rng.getrandbits(64))
    try:
        yield
    finally:
        random.setstate(state)
