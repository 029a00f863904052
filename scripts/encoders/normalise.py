"""Text normalisation inside the fast tokenizer: the text stays as it is, offsets refer to it.

The components of the ``tokenizers`` library keep, for every normalised character, the place of
the raw character it came from, and are saved in ``tokenizer.json``; no code is needed at load.
"""

from __future__ import annotations

import json
import unicodedata

from tokenizers import Regex, normalizers
from transformers import PreTrainedTokenizerFast

# Share of the vocabulary that must hold a dropped sign before we say that the tokenizer is at
# fault: a few such pieces are accidents of the corpus the vocabulary was made from.
_SIGNS_SHARE = 0.01
_BANGLA_SIGNS = [
    chr(code) for code in range(0x0980, 0x0A00) if unicodedata.category(chr(code)) == "Mn"
]

# Rules of csebuetnlp/normalizer (normalizer/const.py and normalize.py, written afresh), in the
# order in which it applies them; docs/encoders.md gives the source of each.
_SINGLE_QUOTES = "\u02bc\u2018\u2019\u201a\u201b\u275b\u275c`\u00b4"
_DOUBLE_QUOTES = (
    "\u00ab\u00bb\u2039\u203a\u201c\u201d\u201e\u201f\u275d\u275e\u276e\u276f"
    "\u300a\u300b\u300c\u300d\u301d\u301e\u301f"
)
# Latin letters that have no canonical decomposition into a plain letter and marks.
_PLAIN_LETTERS = {
    "D": "\u00d0\u0110",
    "d": "\u00f0\u0111",
    "H": "\u0126",
    "h": "\u0127",
    "i": "\u0131\u0268",
    "L": "\u013f\u0141",
    "l": "\u0142",
    "O": "\u00d8",
    "o": "\u00f8",
    "T": "\u0166",
    "t": "\u0167",
}
_CHARACTERS = {
    "": "\u00ad\u200b\u2060",
    "-": "\u2013\u2501",
    " - ": "\u2014",
    "\u0964": "\u09f7",
    ",": "\u3001",
    ":": "\u2236",
    "<": "\u3008",
    ">": "\u3009",
    "[": "\u3010",
    "]": "\u3011",
}
# Bangla sequences; they are looked for after NFD, so vowel signs of two parts are in two parts.
_SEQUENCES = {
    "\u09ac\u09bc": "\u09b0",
    "\u0985\u09be": "\u0986",
    "\u09c7\u0981\u09d7": "\u09cc\u0981",
    "\u09c7\u0981\u09be": "\u09cb\u0981",
}


def csebuetnlp_rules() -> list[normalizers.Normalizer]:
    """The rules of csebuetnlp/normalizer that ``tokenizers`` components can express.

    Returns:
        Components to be applied in this order. They end with NFKC, which writes the Bangla
        letters U+09DC, U+09DD and U+09DF as letter and nukta, the form that the BanglaBERT
        vocabularies hold.
    """
    rules: list[normalizers.Normalizer] = [
        normalizers.NFD(),
        normalizers.Replace(Regex("(?<=[A-Za-z])[\u0300-\u036f]+"), ""),
        normalizers.Replace(Regex(f"[{_SINGLE_QUOTES}]"), "'"),
        normalizers.Replace(Regex(f"[{_DOUBLE_QUOTES}]"), '"'),
    ]
    for replacement, characters in {**_PLAIN_LETTERS, **_CHARACTERS}.items():
        rules.append(normalizers.Replace(Regex(f"[{characters}]"), replacement))
    for sequence, replacement in _SEQUENCES.items():
        rules.append(normalizers.Replace(sequence, replacement))
    return [*rules, normalizers.NFKC()]


NORMALISERS = {"csebuetnlp": csebuetnlp_rules}


def put_in_front(tokenizer: PreTrainedTokenizerFast, name: str) -> None:
    """Puts a normalisation in front of the tokenizer's own normaliser; twice does no harm.

    Args:
        tokenizer: Changed in place.
        name: A key of ``NORMALISERS``.
    """
    rules = NORMALISERS[name]()
    backend = tokenizer.backend_tokenizer
    own = backend.normalizer
    states = [_state(rule) for rule in rules]
    if own is not None and _state(own).get("normalizers", [])[: len(states)] == states:
        return
    backend.normalizer = normalizers.Sequence([*rules, own] if own is not None else rules)


def keep_signs(tokenizer: PreTrainedTokenizerFast) -> str | None:
    """Stops a BERT tokenizer from dropping vowel signs that its own vocabulary holds.

    A ``BertNormalizer`` that strips accents (by default every one that lower-cases) drops all
    non-spacing marks: in Bangla the hasanta, the nukta and half of the vowel signs. Where the
    vocabulary holds such marks, the encoder was trained with them, and stripping is a fault of
    the tokenizer's settings; where it does not, nothing is changed.

    Args:
        tokenizer: Changed in place.

    Returns:
        One sentence about what was done or found, or None if all is well.
    """
    own = tokenizer.backend_tokenizer.normalizer
    if own is None:
        return None
    dropped = [sign for sign in _BANGLA_SIGNS if sign not in own.normalize_str("\u0995" + sign)]
    if not dropped:
        return None
    vocabulary = tokenizer.get_vocab()
    affected = sum(any(sign in piece for sign in dropped) for piece in vocabulary)
    if affected < _SIGNS_SHARE * len(vocabulary) or not hasattr(own, "strip_accents"):
        return (
            f"The tokenizer drops {len(dropped)} Bangla signs (such as U+{ord(dropped[0]):04X}): "
            "words that differ only in them look the same to this encoder"
        )
    own.strip_accents = False
    tokenizer.backend_tokenizer.normalizer = own
    # from_pretrained rebuilds the normaliser from this setting when the two disagree.
    tokenizer.init_kwargs["strip_accents"] = False
    return (
        f"strip_accents was set to false: the tokenizer dropped signs that {affected} pieces "
        "of its vocabulary hold"
    )


def is_cased(tokenizer: PreTrainedTokenizerFast) -> bool:
    """Says whether the tokenizer tells capitals from small letters."""
    own = tokenizer.backend_tokenizer.normalizer
    return own is None or own.normalize_str("A") == "A"


def _state(normaliser: normalizers.Normalizer) -> dict:
    return json.loads(normaliser.__getstate__())
