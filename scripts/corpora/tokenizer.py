"""The one tokenizer of the project: spaCy's for the language, corrected where names are lost."""

from __future__ import annotations

import re

import spacy
from spacy.lang.char_classes import ALPHA, LIST_QUOTES
from spacy.lang.tokenizer_exceptions import URL_PATTERN
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

from ..annotations.edges import TokenEdges
from ..common.errors import UserError

# The Bengali block without its digits and currency signs: letters, vowel signs, virama, marks.
BENGALI_LETTER = r"\u0980-\u09e5\u09f0\u09f1\u09fc-\u09fe"
DIGIT = r"0-9\u09e6-\u09ef"
# U+09F7 and the bar are typed for the danda; the first is common in news text.
DANDA = "।॥\u09f7|"
TAKA = "৳"
DASHES = "–—―"
BRACKETS = r"\(\)\[\]\{\}"
INVISIBLE = r"\u200b\u2060\ufeff\u00ad\u200e\u200f"
# At a word's edge a joiner joins nothing; after a virama it is part of the letter.
LEADING_JOINER = r"[\u200c\u200d]"
TRAILING_JOINER = r"(?<!\u09cd)[\u200c\u200d]"

# spaCy counts the comma among the quotes.
QUOTES = "".join(LIST_QUOTES).replace("\\", "").replace(",", "")


def _bangla_rules() -> tuple[list[str], list[str], list[str]]:
    """Prefixes, suffixes and infixes that stock ``bn`` of spaCy 3.8 lacks.

    Stock ``bn`` leaves ``ব্যাংক।তিনি``, ``বলেন,‘আমি``, ``করিমের(৩৫`` and ``৳১০০`` as one token
    each, so that an entity beside these signs cannot be aligned.
    """
    always = f"[{DANDA}{TAKA}{DASHES}{BRACKETS}{INVISIBLE}]"
    quotes = f"[{QUOTES}]"
    infixes = [
        always,
        quotes,
        rf"(?<=[^{DIGIT}])[,:;]|[,:;](?=[^{DIGIT}])",
        # ড.ইউনূস and করেন.তিনি, but not এ.কে.এম (initials) nor ৩.১৪.
        rf"(?<=[{BENGALI_LETTER}])\.(?=[{BENGALI_LETTER}]{{3,}})",
        rf"(?<=[{BENGALI_LETTER}])[!?/](?=\S)",
        rf"{TRAILING_JOINER}(?=[^\w{BENGALI_LETTER}])",
        rf"(?<=[\u200c\u200d])-(?=[{BENGALI_LETTER}])",
    ]
    edges = [f"[{DANDA}{TAKA}{DASHES}]", f"[{INVISIBLE}]"]
    prefixes = [*edges, LEADING_JOINER, "-", rf"\.(?=[{BENGALI_LETTER}])"]
    suffixes = [*edges, TRAILING_JOINER, "-"]
    return prefixes, suffixes, infixes


def build_tokenizer(lang: str) -> Language:
    """A blank pipeline whose tokenizer serves conversion, training and the trained model alike.

    For ``bn`` the stock rules are extended so that danda, quotes, brackets, ৳, comma, colon and
    dash always part words; other languages keep spaCy's rules.

    Raises:
        UserError: spaCy has no such language, or a package for it is not installed.
    """
    try:
        nlp = spacy.blank(lang)
    except ImportError as error:
        raise UserError(
            f"spaCy cannot make a tokenizer for the language {lang!r}",
            where=f"--lang {lang}",
            todo=f"Use a code that spaCy knows, or xx for none in particular. spaCy says: {error}",
        ) from None
    if lang == "bn":
        prefixes, suffixes, infixes = _bangla_rules()
        rules = nlp.Defaults
        tokenizer = nlp.tokenizer
        tokenizer.prefix_search = compile_prefix_regex([*prefixes, *rules.prefixes]).search
        tokenizer.suffix_search = compile_suffix_regex([*suffixes, *rules.suffixes]).search
        # spaCy's ALPHA holds the Bengali digits: its comma rule would part ১০,০০০.
        stock = [rule for rule in rules.infixes if rule != f"(?<=[{ALPHA}]),(?=[{ALPHA}])"]
        tokenizer.infix_finditer = compile_infix_regex([*infixes, *stock]).finditer
        # To spaCy any two words with a dot between are a host name, ড.ইউনূস too.
        latin = r"(?u)(?=[!-~]+$|[a-zA-Z]+://|www\.)"
        tokenizer.url_match = re.compile(latin + URL_PATTERN).match
    return nlp


def token_edges(doc: Doc) -> TokenEdges:
    """The character edges of a Doc's tokens."""
    starts, lengths = doc.to_array(["IDX", "LENGTH"]).T.tolist() if len(doc) else ([], [])
    return TokenEdges(starts, [start + n for start, n in zip(starts, lengths, strict=True)])
