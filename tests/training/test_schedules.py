"""Our schedules are those of transformers, step by step."""

from itertools import islice

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.errors import UserError
from scripts.pipelines.config import write_config
from scripts.reports.training import learning_rates
from scripts.training.schedules import warmup_cosine, warmup_polynomial

from .conftest import ROOT

RATE = 0.002


def rates_of_transformers(name, steps, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    schedule = getattr(transformers, name)(optimizer, **options)
    rates = []
    for _ in range(steps):
        rates += schedule.get_last_lr()
        optimizer.step()
        schedule.step()
    return rates


@given(st.integers(0, 20), st.integers(1, 40))
def test_schedules_cosine_is_that_of_transformers(warmup, decay):
    # Up to its last step: beyond it theirs rises again.
    total = warmup + decay
    theirs = rates_of_transformers(
        "get_cosine_schedule_with_warmup", total + 1,
        num_warmup_steps=warmup, num_training_steps=total,
    )  # fmt: skip
    ours = islice(warmup_cosine(RATE, warmup, total), total + 1)
    assert list(ours) == pytest.approx(theirs, abs=1e-12)


@given(st.integers(0, 20), st.integers(1, 40), st.floats(0.25, 4), st.floats(0, RATE / 2))
def test_schedules_polynomial_is_that_of_transformers(warmup, decay, power, end):
    total = warmup + decay
    theirs = rates_of_transformers(
        "get_polynomial_decay_schedule_with_warmup", total + 10, num_warmup_steps=warmup,
        num_training_steps=total, lr_end=end, power=power,
    )  # fmt: skip
    ours = islice(warmup_polynomial(RATE, warmup, total, power, end), total + 10)
    assert list(ours) == pytest.approx(theirs, abs=1e-12)


def test_schedules_cosine_stays_at_zero_after_its_end():
    assert list(islice(warmup_cosine(RATE, 2, 6), 6, 20)) == [0.0] * 14


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: warmup_polynomial(RATE, 1, 10, end_rate=2 * RATE),
        lambda: warmup_polynomial(RATE, 1, 10, power=0.0),
        lambda: warmup_cosine(RATE, -1, 10),
    ],
)
def test_schedules_refuse_numbers_without_a_meaning_at_once(wrong):
    with pytest.raises(UserError):
        wrong()


def test_schedules_are_known_to_the_report(tmp_path):
    write_config(tmp_path / "config.cfg", ROOT / "configs" / "ner.cfg", ["cosine"])
    rates = learning_rates(tmp_path / "config.cfg", {0, 250, 20000})
    assert rates == pytest.approx({0: 0.0, 250: 0.00005, 20000: 0.0})
