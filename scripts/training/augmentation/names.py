"""The names of a training set by label, told from the suffixes that they bear."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

from spacy.tokens import Doc

from .letters import composed, parted, parts_more
from .suffixes import add_case, last_word, split_case

SUFFIXED = "bn"


class Names:
    """What names a training set has for each label, and how one stands in for another.

    In Bangla a name bears its case as a suffix. It is parted from it only where that is sure: the
    name without it, or rather the last word of it, ends another name of the label.

    Args:
        docs: The annotated training set; its order does not matter.
    """

    def __init__(self, docs: Sequence[Doc]) -> None:
        self._suffixed = bool(docs) and docs[0].vocab.lang == SUFFIXED
        found: dict[str, set[str]] = defaultdict(set)
        for doc in docs:
            for ent in doc.ents:
                # A name over two lines has the layout of its own text.
                if "\n" not in ent.text:
                    found[ent.label_].add(composed(ent.text) if self._suffixed else ent.text)
        self._last_words = {
            label: {last_word(name) for name in names} for label, names in found.items()
        }
        self._parts = bool(self._suffixed and parts_more("".join(doc.text for doc in docs)))
        # Sorted, since sets have an order of their own in every process.
        self.pools = {label: self._stems(label, names) for label, names in sorted(found.items())}

    def split(self, name: str, label: str) -> tuple[str, str | None] | None:
        """The stem of a name and its case (None: in none); None if this is not sure."""
        if not self._suffixed:
            return name, None
        known = self._last_words.get(label, set())
        return split_case(composed(name), known.__contains__)

    def other(self, stem: str, label: str, rng: random.Random) -> str | None:
        """Another stem of the label, drawn evenly from all of them; None if there is none."""
        pool = self.pools.get(label, ())
        if len(pool) < 2:
            return None
        drawn = rng.choice(pool)
        while drawn == stem:
            drawn = rng.choice(pool)
        return drawn

    def written(self, stem: str, case: str | None, text: str) -> str | None:
        """A stem in a case, in the letters of the text it is to stand in.

        Returns:
            The name; None if it is not known how this stem takes the case.
        """
        name = stem if case is None else add_case(stem, case)
        if name is None or not self._suffixed:
            return name
        parts = parts_more(text)
        return parted(name) if (self._parts if parts is None else parts) else name

    def _stems(self, label: str, names: Iterable[str]) -> tuple[str, ...]:
        splits = (self.split(name, label) for name in names)
        return tuple(sorted({split[0] for split in splits if split is not None}))
