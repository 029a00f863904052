"""One span against the token edges of its text."""

from __future__ import annotations

from functools import cache

import pytest

from scripts.annotations.edges import TokenEdges
from scripts.annotations.faults import Fate, parse_policies
from scripts.annotations.records import Span
from scripts.annotations.resolve import Decision, resolve_span
from scripts.annotations.survey import Evidence
from scripts.annotations.whitespace import INVISIBLE
from scripts.corpora.tokenizer import build_tokenizer, token_edges

tokenizer = cache(build_tokenizer)

TOWN = "করিম ঢাকা যান"
INITIALS = "থাকেন ইউ.এস.এ. দেশে"

# Blanks of every kind that stands at the edge of a span in real files.
EDGE_BLANKS = {
    "space": " ",
    "tab": "\t",
    "newline": "\n",
    "crlf": "\r\n",
    "NBSP": "\u00a0",
    "ZWSP": "\u200b",
    "word joiner": "\u2060",
    "BOM": "\ufeff",
    "ZWNJ": "\u200c",
    "ZWJ": "\u200d",
}


def edges_of(text: str, lang: str = "bn") -> TokenEdges:
    return token_edges(tokenizer(lang).make_doc(text))


def at(text: str, surface: str) -> Span:
    assert text.count(surface) == 1, "which one is meant?"
    start = text.index(surface)
    return Span(start, start + len(surface), "LOC")


def inclusive(single: str = "no", multi: str = "no") -> Evidence:
    return Evidence(inclusive={"single": single, "multi": multi})


def resolve(
    text: str,
    span: Span | str,
    *policies: str,
    evidence: Evidence | None = None,
    lang: str = "bn",
) -> Decision:
    given = at(text, span) if isinstance(span, str) else span
    edges = edges_of(text, lang)
    return resolve_span(text, given, given, edges, evidence or Evidence(), parse_policies(policies))


def check(decision: Decision, text: str, surface: str, *faults: str) -> None:
    """The span ends as ``surface``, with exactly these faults, and its fate fits."""
    assert decision.span is not None, decision
    assert text[decision.span.start : decision.span.end] == surface
    assert decision.span.label == decision.given.label
    assert decision.faults == faults
    kept = decision.span == decision.given
    assert decision.fate is (Fate.KEPT if kept else Fate.REPAIRED)
    assert decision.stop is None


ON_EDGES = {
    "one word": ("করিম ঢাকা যান", "ঢাকা"),
    "whole text": ("করিম ঢাকা যান", "করিম ঢাকা যান"),
    "before a danda without blank": ("তিনি ব্যাংক।তারপর", "ব্যাংক"),
    "after an inner quote": ("তিনি বলেন,‘আমি", "আমি"),
    "before an inner bracket": ("করিমের(৩৫) ছেলে", "করিমের"),
    "before an apostrophe": ("শেখ হাসিনা'র সরকার", "শেখ হাসিনা"),
    "after the taka sign": ("দাম ৳১০০ মাত্র", "১০০"),
    "initials with their last dot": ("জানান এ.কে.এম. রহমান", "এ.কে.এম. রহমান"),
    "abbreviated title": ("জানান ড.ইউনূস", "ড.ইউনূস"),
    "abbreviated unit": ("পথ ১০ কি.মি. দূর", "১০ কি.মি."),
    "after a long dash": ("খুলনা—ঢাকা", "ঢাকা"),
}


@pytest.mark.parametrize(("text", "surface"), ON_EDGES.values(), ids=ON_EDGES)
def test_resolve_keeps_what_is_on_token_edges(text: str, surface: str) -> None:
    check(resolve(text, surface), text, surface)


@pytest.mark.parametrize("blank", EDGE_BLANKS.values(), ids=EDGE_BLANKS)
@pytest.mark.parametrize("side", ["left", "right", "both"])
def test_resolve_trims_white_space(blank: str, side: str) -> None:
    text = f"করিম {blank}ঢাকা{blank} যান"
    left = blank if side != "right" else ""
    right = blank if side != "left" else ""
    start = text.index("ঢাকা")
    given = Span(start - len(left), start + 4 + len(right), "LOC")
    check(resolve(text, given), text, "ঢাকা", "edge-whitespace")


@pytest.mark.parametrize("char", INVISIBLE, ids=[f"U+{ord(c):04X}" for c in INVISIBLE])
def test_resolve_leaves_no_invisible_character_at_an_edge(char: str) -> None:
    # Copied from web pages: the character hangs on the word, annotators cannot see it.
    text = f"করিম ঢাকা{char} যান"
    check(resolve(text, f"ঢাকা{char}"), text, "ঢাকা", "edge-whitespace")
    check(resolve(text, "ঢাকা"), text, "ঢাকা")


@pytest.mark.parametrize("joiner", ["\u200d", "\u200c"], ids=["ZWJ", "ZWNJ"])
def test_resolve_does_not_trim_a_joiner_after_a_virama(joiner: str) -> None:
    text = f"তিনি হঠাত্{joiner} এলেন"
    check(resolve(text, f"হঠাত্{joiner}"), text, f"হঠাত্{joiner}")


def test_resolve_takes_in_the_joiner_that_ends_a_word() -> None:
    text = "তিনি হঠাত্\u200d এলেন"
    start = text.index("হঠাত্")
    check(resolve(text, Span(start, start + 5, "LOC")), text, "হঠাত্\u200d", "off-by-one")


LOOSE = {
    "opening double quote": ("তিনি লেখেন “ঢাকা বড় শহর”", "“ঢাকা", "ঢাকা"),
    "closing double quote": ("তিনি লেখেন “বড় শহর ঢাকা”", "ঢাকা”", "ঢাকা"),
    "opening single quote": ("তিনি লেখেন ‘ঢাকা বড় শহর’", "‘ঢাকা", "ঢাকা"),
    "closing single quote": ("তিনি লেখেন ‘ঢাকা’", "ঢাকা’", "ঢাকা"),
    "straight single quote": ("তিনি লেখেন 'ঢাকা বড় শহর'", "'ঢাকা", "ঢাকা"),
    "closing straight quote": ("তিনি লেখেন 'ঢাকা'", "ঢাকা'", "ঢাকা"),
    "straight double quote": ('তিনি লেখেন "ঢাকা বড় শহর"', '"ঢাকা', "ঢাকা"),
    "guillemet": ("তিনি লেখেন «ঢাকা শহর»", "শহর»", "শহর"),
    "closing quote of the word before": ("বই ‘ঢাকা’ পড়ি", "’ পড়ি", "পড়ি"),
    "opening bracket": ("রাজধানী (ঢাকা শহর) বড়", "(ঢাকা", "ঢাকা"),
    "closing bracket": ("রাজধানী (শহর ঢাকা) বড়", "ঢাকা)", "ঢাকা"),
    "danda": ("তিনি থাকেন ঢাকা।", "ঢাকা।", "ঢাকা"),
    "two dandas": ("তিনি থাকেন ঢাকা।।", "ঢাকা।।", "ঢাকা"),
    "U+09F7 for a danda": ("তিনি থাকেন ঢাকা\u09f7", "ঢাকা\u09f7", "ঢাকা"),
    "bar for a danda": ("তিনি থাকেন ঢাকা|", "ঢাকা|", "ঢাকা"),
    "comma": ("করিম, ঢাকা, খুলনা", "ঢাকা,", "ঢাকা"),
    "commas on both sides": ("করিম, ঢাকা, খুলনা", ", ঢাকা,", "ঢাকা"),
    "colon and semicolon": ("শহর: ঢাকা; নদী: পদ্মা", ": ঢাকা;", "ঢাকা"),
    "ellipsis": ("তিনি থাকেন ঢাকা…", "ঢাকা…", "ঢাকা"),
    "half a smiley": ("থাকেন ঢাকা :)", "ঢাকা :", "ঢাকা"),
}

PART_OF_THE_NAME = {
    "double quotes": ("বই “পথের পাঁচালী” পড়ি", "“পথের পাঁচালী”"),
    "low and high quote": ("বই „পথের পাঁচালী” পড়ি", "„পথের পাঁচালী”"),
    "single quotes": ("বই ‘পথের পাঁচালী’ পড়ি", "‘পথের পাঁচালী’"),
    "guillemets": ("বই «পথের পাঁচালী» পড়ি", "«পথের পাঁচালী»"),
    "straight single quotes": ("বই 'পথের পাঁচালী' পড়ি", "'পথের পাঁচালী'"),
    "straight double quotes": ('বই "পথের পাঁচালী" পড়ি', '"পথের পাঁচালী"'),
    "brackets after": ("দল জাসদ (ইনু) জেতে", "জাসদ (ইনু)"),
    "brackets before": ("দল (জাসদ) ইনু জেতে", "(জাসদ) ইনু"),
    "square brackets": ("ধারা [১] দেখুন", "[১]"),
    "quotes around a loose bracket": ("লেখেন “ঢাকা (শহর”", "“ঢাকা (শহর”"),
    "apostrophe that ends a word": ("সে শ' টাকা দেয়", "শ'"),
    "curly apostrophe that ends a word": ("সে শ’ টাকা দেয়", "শ’"),
    "dot of an abbreviation": ("মো. করিম যান", "মো. করিম"),
    "last dot of initials": ("থাকেন ইউ.এস.এ. দেশে", "ইউ.এস.এ."),
    "exclamation mark": ("এল ইয়াহু! আজ", "ইয়াহু!"),
    "question mark": ("ছবি কে তুমি? আজ", "কে তুমি?"),
    "percent": ("দাম ৫০% কম", "৫০%"),
    "taka": ("দাম ৳১০০ কম", "৳১০০"),
    "nothing but punctuation": (", ।", ", ।"),
}


@pytest.mark.parametrize(("text", "given", "surface"), LOOSE.values(), ids=LOOSE)
def test_resolve_strips_loose_punctuation(text: str, given: str, surface: str) -> None:
    check(resolve(text, given), text, surface, "edge-punctuation")


@pytest.mark.parametrize(("text", "surface"), PART_OF_THE_NAME.values(), ids=PART_OF_THE_NAME)
def test_resolve_leaves_punctuation_that_belongs_to_the_name(text: str, surface: str) -> None:
    check(resolve(text, surface), text, surface)


@pytest.mark.parametrize("name", ["Graematter Inc.", "Yahoo!", "St. Martin's", "(ISC)²"])
def test_resolve_leaves_punctuation_of_english_names(name: str) -> None:
    text = f"She works for {name} today"
    check(resolve(text, name, lang="en"), text, name)


@pytest.mark.parametrize(
    ("text", "given", "surface"),
    [
        ("করিম ঢাকা যান", "ঢাক", "ঢাকা"),
        ("করিম ঢাকা যান", "াকা", "ঢাকা"),
        ("থাকেন ঢাকা...", "ঢাকা.", "ঢাকা"),
        ("থাকেন ...ঢাকা", ".ঢাকা", "ঢাকা"),
        ("থাকেন ঢাকা।", "াকা।", "ঢাকা"),
        ("থাকেন (ঢাকা)", "(ঢাক", "ঢাকা"),
        ("করিম নতুন ঢাকা যান", "নতুন ঢাক", "নতুন ঢাকা"),
        ("করিম নতুন ঢাকা যান", "তুন ঢাকা", "নতুন ঢাকা"),
    ],
    ids=["end short", "start late", "end long", "start early", "both late", "both early",
         "two words, end short", "two words, start late"],
)  # fmt: skip
def test_resolve_moves_an_edge_that_is_off_by_one(text: str, given: str, surface: str) -> None:
    check(resolve(text, given), text, surface, "off-by-one")


def test_resolve_off_by_one_after_a_blank_was_trimmed() -> None:
    # The whole span stands one too far right, or left.
    text = "করিম ঢাকা যান"
    check(resolve(text, "াকা "), text, "ঢাকা", "edge-whitespace", "off-by-one")
    check(resolve(text, " ঢাক"), text, "ঢাকা", "edge-whitespace", "off-by-one")


@pytest.mark.parametrize(
    ("text", "given", "surface"),
    [
        ("তারা চট্টগ্রামে থাকেন", "চট্টগ্রা", "চট্টগ্রামে"),
        ("তারা চট্টগ্রামে থাকেন", "টগ্রামে", "চট্টগ্রামে"),
        ("তারা চট্টগ্রামে থাকেন", "টগ্রা", "চট্টগ্রামে"),
        ("তারা চট্টগ্রাম বন্দরে থাকেন", "টগ্রাম বন্দ", "চট্টগ্রাম বন্দরে"),
    ],
    ids=["end", "start", "both ends, exactly half", "two words"],
)
def test_resolve_grows_to_the_token_edge(text: str, given: str, surface: str) -> None:
    check(resolve(text, given), text, surface, "mid-token")


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("তারা চট্টগ্রামে থাকেন", "চট্ট"),
        ("তারা চট্টগ্রামে থাকেন", "গ্রা"),
        ("তারা চট্টগ্রামে থাকেন", "ামে"),
        ("তারা চট্টগ্রামে থাকেন", "তারা চট্"),
        ("করিম খান যান", "ম খান"),
    ],
    ids=["start", "middle", "end", "second of two words", "off by more than half"],
)
def test_resolve_does_not_grow_what_covers_less_than_half(text: str, given: str) -> None:
    decision = resolve(text, given)
    assert decision.fate is Fate.MISSING
    assert decision.span is None
    assert decision.faults == ("mostly-outside",)
    assert decision.masked == ((decision.given.start, decision.given.end),)
    assert decision.suspicious
    assert repr(given) in decision.note


# Habit of single- and multi-token spans, the text, what is marked, what it ends as, faults.
HABITS = {
    "one word, some": (("some", "no"), TOWN, "ঢাক", "ঢাকা", ("inclusive-end",)),
    "one word, all": (("all", "no"), TOWN, "ঢাক", "ঢাকা", ("inclusive-end",)),
    "one word, all but one word": (("no", "all"), TOWN, "ঢাক", "ঢাকা", ("off-by-one",)),
    "two words, some": (("no", "some"), TOWN, "করিম ঢাক", "করিম ঢাকা", ("inclusive-end",)),
    "two words, all": (("no", "all"), TOWN, "করিম ঢাক", "করিম ঢাকা", ("inclusive-end",)),
    "two words, one word alone": (("all", "no"), TOWN, "করিম ঢাক", "করিম ঢাকা", ("off-by-one",)),
    "fits both ways, some": (("some", "no"), INITIALS, "ইউ.এস.এ", "ইউ.এস.এ", ()),
    "fits both ways, all": (("all", "no"), INITIALS, "ইউ.এস.এ", "ইউ.এস.এ.", ("inclusive-end",)),
    "fits as given alone": (("all", "all"), TOWN, "ঢাকা", "ঢাকা", ()),
    "took in a blank": (("all", "all"), "কে ও যান", "কে ", "কে", ("edge-whitespace",)),
}


@pytest.mark.parametrize(
    ("habit", "text", "given", "surface", "faults"), HABITS.values(), ids=HABITS
)
def test_resolve_follows_the_habit_of_inclusive_ends(
    habit: tuple[str, str], text: str, given: str, surface: str, faults: tuple[str, ...]
) -> None:
    check(resolve(text, given, evidence=inclusive(*habit)), text, surface, *faults)


def test_resolve_inclusive_end_of_a_one_letter_word_is_its_start() -> None:
    text = "শাহ এ এম রহমান"
    letter = text.index("এ")
    given = Span(letter, letter, "LOC")
    for habit in ("some", "all"):
        decision = resolve(text, given, evidence=inclusive(habit))
        check(decision, text, "এ", "inclusive-end")
    assert resolve(text, given).faults == ("empty",)
    assert resolve(text, given, evidence=inclusive("no", "all")).faults == ("empty",)


def test_resolve_inclusive_habit_does_not_make_a_word_of_an_empty_span_in_it() -> None:
    text = "করিম ঢাকা যান"
    decision = resolve(text, Span(5, 5, "LOC"), evidence=inclusive("all", "all"))
    assert decision.faults == ("empty",)
    assert decision.fate is Fate.MISSING


def test_resolve_inclusive_habit_does_not_make_an_entity_of_a_blank() -> None:
    # The second of two blanks is a token of its own, and one character long.
    decision = resolve("ক  খ", Span(2, 2, "LOC"), evidence=inclusive("all"))
    assert decision.faults == ("empty",)
    assert decision.span is None


@pytest.mark.parametrize("blank", ["\n", "\u00a0", "\u200b"], ids=["newline", "NBSP", "ZWSP"])
def test_resolve_inclusive_habit_does_not_take_in_a_blank(blank: str) -> None:
    # A blank after the word can be a token; the word's last character is not before it.
    text = f"ঢাকা{blank}শহর"
    given = Span(0, 4, "LOC")
    check(resolve(text, given, evidence=inclusive("all")), text, "ঢাকা")
    kept = resolve(text, given, "edge-punctuation=keep", evidence=inclusive("all"))
    check(kept, text, "ঢাকা")


def test_resolve_off_by_one_does_not_end_on_a_blank() -> None:
    # The line end is a token: one character less than given is a token edge, but no name ends so.
    for policies in ((), ("edge-punctuation=keep",)):
        decision = resolve("ঢাকা\nশহর", "ঢাকা\nশ", *policies)
        assert decision.span in (None, Span(0, 4, "LOC"))
        assert "edge-punctuation" not in decision.faults


def test_resolve_inclusive_end_wants_half_of_the_token_too() -> None:
    # Marked is one letter of a word of three; two would be enough.
    decision = resolve("করিম খান যান", Span(5, 6, "LOC"), evidence=inclusive("all"))
    assert decision.faults == ("mostly-outside",)
    check(resolve("করিম খান যান", Span(5, 7, "LOC"), evidence=inclusive("all")),
          "করিম খান যান", "খান", "inclusive-end")  # fmt: skip


def test_resolve_a_letter_inside_a_word_is_not_the_word() -> None:
    # [3, 4] with an inclusive end is কে inside তাঁকে.
    decision = resolve("তাঁকে ডাকে", Span(3, 4, "LOC"), evidence=inclusive("some", "some"))
    assert decision.fate is Fate.MISSING
    assert decision.faults == ("mostly-outside",)
    assert decision.suspicious


@pytest.mark.parametrize(
    ("given", "surface", "faults"),
    [
        (Span(10, 90, "LOC"), "ঢাকা", ("out-of-range", "edge-whitespace")),
        (Span(90, 11, "LOC"), "ঢাকা", ("reversed", "out-of-range")),
        (Span(4, -1, "LOC"), "করিম", ("reversed", "out-of-range")),
        (Span(14, 11, "LOC"), "ঢাকা", ("reversed", "off-by-one")),
    ],
)
def test_resolve_names_several_faults_in_the_order_found(
    given: Span, surface: str, faults: tuple[str, ...]
) -> None:
    text = "করিম থাকেন ঢাকা"
    decision = resolve(text, given, "out-of-range=repair", "reversed=repair")
    check(decision, text, surface, *faults)


def test_resolve_says_how_long_the_text_is() -> None:
    assert "4 characters" in resolve("ঢাকা", Span(0, 9, "LOC")).note


def test_resolve_a_marked_blank_leaves_the_word_after_it_unannotated() -> None:
    decision = resolve("করিম ঢাকা", Span(4, 5, "LOC"))
    assert decision.fate is Fate.MISSING
    assert decision.masked == ((5, 9),)


def test_resolve_a_blank_between_two_words_marks_nothing() -> None:
    # One blank belongs to no token: nothing can be left unannotated for it.
    for text, span in (
        ("করিম ঢাকা", Span(5, 4, "LOC")),
        ("করিম ঢাকা ", Span(9, 20, "LOC")),
    ):
        decision = resolve(text, span)
        assert decision.fate is Fate.REFUSED, span
        assert decision.stop is not None


def test_resolve_text_without_tokens() -> None:
    for span in (Span(0, 0, "LOC"), Span(0, 3, "LOC"), Span(2, 0, "LOC")):
        decision = resolve("", span)
        assert decision.fate is Fate.REFUSED
        assert decision.stop is not None


def test_resolve_repairs_a_span_moved_by_its_unit() -> None:
    text, given = "😀 করিম", Span(3, 7, "PER")
    read = Span(2, 6, "PER")
    edges = edges_of(text)
    decision = resolve_span(text, given, read, edges, Evidence(unit="utf16"), parse_policies([]))
    check(decision, text, "করিম", "offset-unit")


def words(text: str, start: int, end: int, surface: str, *fragments: tuple[int, int]) -> Decision:
    return resolve(text, Span(start, end, "LOC", fragments, surface), "discontinuous=repair")


def test_resolve_moves_offsets_inside_words_to_the_words_that_the_file_gives() -> None:
    text = "করিম থাকেন ঢাকা শহরে"
    check(words(text, 9, 13, "ঢাকা"), text, "ঢাকা", "surface-mismatch")


def test_resolve_believes_offsets_on_token_edges_and_notes_the_words() -> None:
    text = "করিম থাকেন ঢাকা শহরে"
    decision = words(text, 5, 10, "ঢাকা")
    check(decision, text, "থাকেন", "surface-mismatch")
    assert decision.suspicious
    assert "'ঢাকা'" in decision.note and "'থাকেন'" in decision.note


def test_resolve_takes_blanks_for_no_difference_of_words() -> None:
    text = "করিম থাকেন ঢাকা\r\nশহরে"
    check(words(text, 11, 21, "ঢাকা শহরে"), text, "ঢাকা\r\nশহরে")


def test_resolve_does_not_look_for_words_far_away() -> None:
    text = "করিম " + "ক " * 40 + "ঢাকা"
    decision = words(text, 1, 3, "ঢাকা")
    assert decision.faults[0] == "surface-mismatch"
    assert decision.span is None or decision.span.end <= 4


def test_resolve_compares_the_words_of_a_discontinuous_span() -> None:
    text = "ঢাকা মেডিকেল কলেজে"
    assert words(text, 0, 18, "ঢাকা কলেজে", (0, 4), (13, 18)).faults == ("discontinuous",)
    found = words(text, 0, 18, "ঢাকা শহরে", (0, 4), (13, 18)).faults
    assert found == ("surface-mismatch", "discontinuous")
