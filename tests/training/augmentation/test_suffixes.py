"""Case suffixes of Bangla names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.training.augmentation.letters import composed, parted, parts_more
from scripts.training.augmentation.suffixes import CASES, add_case, case_readings, split_case

KNOWN = {composed(w) for w in ("করিম", "হাসিনা", "আলী", "ঢাকা", "মুম্বাই", "হংকং", "মা", "আকবর")}


def split(name: str) -> tuple[str, str | None] | None:
    found = split_case(composed(name), KNOWN.__contains__)
    return found


@pytest.mark.parametrize(
    ("stem", "case", "form"),
    [
        ("করিম", "genitive", "করিমের"),
        ("হাসিনা", "genitive", "হাসিনার"),
        ("আলী", "genitive", "আলীর"),
        ("মুম্বাই", "genitive", "মুম্বাইয়ের"),
        ("হংকং", "locative", "হংকংয়ে"),
        ("ঢাকা", "locative", "ঢাকায়"),
        ("দিল্লি", "locative", "দিল্লিতে"),
        ("সিলেট", "locative", "সিলেটে"),
        ("করিম", "objective", "করিমকে"),
        ("করিম", "plural", "করিমেরা"),
        ("হাসিনা", "plural", "হাসিনারা"),
        ("করিম", "plural objective", "করিমদেরকে"),
        ("করিম", "genitive with '", "করিম'এর"),
        ("হাসিনা", "genitive with '", "হাসিনা'র"),
    ],
)
def test_suffixes_follow_the_sound_that_the_stem_ends_in(stem, case, form):
    assert add_case(stem, case) == composed(form)


@pytest.mark.parametrize("stem", ["শরৎ", "IBM", "১৯৭১", "জর্জ্"])
def test_suffixes_unknown_ending_takes_no_case(stem):
    assert add_case(stem, "genitive") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("করিমের", ("করিম", "genitive")),
        ("শেখ হাসিনার", ("শেখ হাসিনা", "genitive")),
        ("শেখ হাসিনা'র", ("শেখ হাসিনা", "genitive with '")),
        ("করিমদের", ("করিম", "plural genitive")),
        ("ঢাকায়", ("ঢাকা", "locative")),
        ("ঢাকাতে", ("ঢাকা", "locative")),
        ("মায়ের", ("মা", "genitive")),
        ("করিম", ("করিম", None)),
        # No genitive of anything: র follows a vowel, ের does not end it.
        ("আকবর", ("আকবর", None)),
    ],
)
def test_suffixes_are_parted_from_attested_stems(name, expected):
    assert split(name) == expected


def test_suffixes_unattested_stem_is_not_parted():
    # A name of its own, or the genitive of হায়দা: nothing here says which.
    assert split("হায়দার") is None
    assert split("রহিমের") is None


def test_suffixes_own_inflected_form_shows_a_name_to_be_bare():
    known = {composed(word) for word in ("হায়দার", "হায়দারের")}
    assert split_case(composed("হায়দার"), known.__contains__) == (composed("হায়দার"), None)


def test_suffixes_form_of_a_shorter_stem_shows_nothing():
    # করিমের is the genitive of করিম, not of করিমে.
    known = {"করিম", "করিমের"}
    assert split_case("করিমে", known.__contains__) == ("করিম", "locative")


CASED = [
    (stem, case) for stem in sorted(KNOWN) for case in CASES if add_case(stem, case) is not None
]


@given(st.sampled_from(CASED))
def test_suffixes_what_is_added_is_read_again(cased):
    stem, case = cased
    assert (stem, case) in list(case_readings(add_case(stem, case)))
    found = split_case(add_case(stem, case), KNOWN.__contains__)
    assert found is not None
    assert add_case(*found) == add_case(stem, case)


@given(st.text("কড়ঢ়য়\u09dc\u09dd\u09df\u09bcা"))
def test_letters_spellings_turn_into_each_other(text):
    assert parted(composed(text)) == parted(text)
    assert composed(parted(text)) == composed(text)


def test_letters_majority_decides():
    assert parts_more("\u09df\u09df\u09af\u09bc") is False
    assert parts_more("\u09af\u09bc") is True
    assert parts_more("করিম") is None
