from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scripts.corpora.splitting import split_groups

FRACTIONS = {"train": 0.8, "dev": 0.1, "test": 0.1}

groups_and_labels = st.lists(
    st.tuples(st.integers(0, 30), st.dictionaries(st.integers(0, 4), st.integers(1, 3))),
    min_size=1,
    max_size=80,
)


@given(groups_and_labels, st.integers(0, 5))
def test_split_groups_never_divides_a_group(rows, seed):
    groups = [group for group, _ in rows]
    splits = split_groups(groups, [labels for _, labels in rows], FRACTIONS, seed)
    homes = {}
    for group, split in zip(groups, splits, strict=True):
        assert homes.setdefault(group, split) == split


def test_split_groups_keeps_to_the_fractions_and_spreads_a_rare_label():
    labels = [{0: 1, **({1: 1} if i % 20 == 0 else {})} for i in range(1000)]
    splits = split_groups(range(1000), labels, FRACTIONS, seed=0)
    sizes = Counter(splits)
    assert abs(sizes["train"] - 800) <= 2
    assert abs(sizes["dev"] - 100) <= 2
    rare = Counter(split for split, found in zip(splits, labels, strict=True) if 1 in found)
    assert rare == {"train": 40, "dev": 5, "test": 5}


def test_split_groups_depends_on_the_seed_alone():
    labels = [{0: 1}] * 100
    first = split_groups(range(100), labels, FRACTIONS, seed=1)
    assert first == split_groups(range(100), labels, FRACTIONS, seed=1)
    assert first != split_groups(range(100), labels, FRACTIONS, seed=2)
