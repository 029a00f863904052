"""Case and plural suffixes of Bangla nouns, by the sound that the stem ends in.

The genitive is ের after a consonant (করিমের) and র after a vowel (হাসিনার), the locative ে (সিলেটে),
তে (দিল্লিতে) or, after আ, য় (ঢাকায়); after ই, উ and ং, which carry no vowel sign, a glide য় bears
the suffix (মুম্বাইয়ের, হংকংয়ে).

Sources: J. Beames, Grammar of the Bengali Language, Literary and Colloquial (1891), p. 16, for the
vowel that genitive, locative and plural lose after a vowel; G. A. Grierson, Linguistic Survey of
India V 1, p. 204, for the locatives ে, তে and য়, and objectives in রে; Wiktionary's template
bn-noun-i-inan for today's র, তে, কে and dialectal রে. The spellings with a glide, an apostrophe
or a hyphen are those of Bangla corpora.

All functions take and give names in composed letters (U+09DC, U+09DD, U+09DF); see ``letters``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

CONSONANT, VOWEL, AA, GLIDE, NASAL = "consonant", "vowel", "aa", "glide", "nasal"
ENDINGS = {
    # ক–হ, ড়, ঢ়, য়; ৎ is none of them: its form changes before a vowel.
    **dict.fromkeys((chr(c) for c in range(0x0995, 0x09BA)), CONSONANT),
    **dict.fromkeys("\u09dc\u09dd\u09df", CONSONANT),
    **dict.fromkeys("িীুূৃেোঅঈঊঋএও", VOWEL),
    **dict.fromkeys("াআ", AA),
    **dict.fromkeys("ইউঐঔৈৌ", GLIDE),
    "ং": NASAL,
}
# Signs that a suffix passes over: candrabindu, and joiners at the end of a word.
SILENT = "\u0981\u200c\u200d"
YA = "\u09df"

# Forms that are understood, by the stem's ending; the first is the one that is written.
CASES: dict[str, dict[str, tuple[str, ...]]] = {
    "genitive": {
        CONSONANT: ("ের",), VOWEL: ("র", f"{YA}ের"), AA: ("র", f"{YA}ের"),
        GLIDE: (f"{YA}ের", "এর", "র"), NASAL: (f"{YA}ের", "এর"),
    },
    "locative": {
        CONSONANT: ("ে",), VOWEL: ("তে",), AA: (YA, "তে"), GLIDE: (f"{YA}ে", "তে"),
        NASAL: (f"{YA}ে",),
    },
    "objective": dict.fromkeys((CONSONANT, VOWEL, AA, GLIDE, NASAL), ("কে",)),
    "objective, verse and dialect": {
        CONSONANT: ("েরে",), VOWEL: ("রে",), AA: ("রে",), GLIDE: ("রে",), NASAL: (f"{YA}েরে",),
    },
    "plural": {
        CONSONANT: ("েরা",), VOWEL: ("রা",), AA: ("রা",), GLIDE: (f"{YA}েরা", "রা"),
        NASAL: (f"{YA}েরা",),
    },
    "plural genitive": {
        **dict.fromkeys((VOWEL, AA, GLIDE, NASAL), ("দের",)), CONSONANT: ("দের", "েদের"),
    },
    "plural objective": dict.fromkeys((CONSONANT, VOWEL, AA, GLIDE, NASAL), ("দেরকে",)),
    **{
        f"genitive with {mark}": {
            CONSONANT: (f"{mark}এর", f"{mark}র"), VOWEL: (f"{mark}র",), AA: (f"{mark}র",),
            GLIDE: (f"{mark}এর", f"{mark}র"), NASAL: (f"{mark}এর",),
        }
        for mark in "'’-"
    },
}  # fmt: skip
FORMS = sorted({form for case in CASES.values() for forms in case.values() for form in forms},
               key=lambda form: (-len(form), form))  # fmt: skip
SHORTEST_STEM = 2


def ending(stem: str) -> str | None:
    """The class of a stem's last sound; None if no suffix is known to follow it (ৎ, Latin, …)."""
    return ENDINGS.get(stem.rstrip(SILENT)[-1:])


def add_case(stem: str, case: str) -> str | None:
    """The stem in a case; None if it is not known how it would be written."""
    kind = ending(stem)
    return None if kind is None else stem + CASES[case][kind][0]


def case_readings(name: str) -> Iterator[tuple[str, str]]:
    """All stems and cases that a name's letters allow, the longest suffix first."""
    for form in FORMS:
        stem = name.removesuffix(form)
        too_short = len(last_word(stem)) < SHORTEST_STEM
        if stem == name or stem != stem.rstrip() or too_short:
            continue
        kind = ending(stem)
        for case, forms in CASES.items():
            if kind is not None and form in forms[kind]:
                yield stem, case


def split_case(name: str, attested: Callable[[str], bool]) -> tuple[str, str | None] | None:
    """The stem of a name, and the case it stands in (None: in none).

    Args:
        name: A name as it stands in a text.
        attested: Whether a word is the last word of a name somewhere.

    Returns:
        Stem and case; None if the letters allow a case, but neither the stem nor a form made of
        the name is attested: whether হায়দার is a name or the genitive of one, only others tell.
    """
    if any(_shows(name + form, name, attested) for form in _forms_of(name)):
        return name, None
    readings = list(case_readings(name))
    for stem, case in readings:
        if attested(last_word(stem)):
            return stem, case
    return None if readings else (name, None)


def last_word(name: str) -> str:
    """The last of a name's words, which bears the suffix; empty for an empty name."""
    words = name.split()
    return words[-1] if words else ""


def _shows(form: str, name: str, attested: Callable[[str], bool]) -> bool:
    """Whether a form is attested that must be one of this name: করিমের is none of করিমে."""
    shorter = (stem for stem, _ in case_readings(form) if len(stem) < len(name))
    return attested(last_word(form)) and not any(attested(last_word(stem)) for stem in shorter)


def _forms_of(name: str) -> set[str]:
    kind = ending(name)
    return set() if kind is None else {form for case in CASES.values() for form in case[kind]}
