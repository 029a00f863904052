"""Learning rate schedules with a warm-up that thinc has not: polynomial and cosine decay.

Linear decay is thinc's own ``warmup_linear.v1``. A step is one update of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from spacy.util import registry

from ..common.errors import UserError


@registry.schedules("spans.warmup_polynomial.v1")
def warmup_polynomial(
    initial_rate: float,
    warmup_steps: int,
    total_steps: int,
    power: float = 1.0,
    end_rate: float = 0.0,
) -> Iterator[float]:
    """Rises from 0 to the rate, then falls to the end rate as a power of what is left.

    After the warm-up: ``(initial_rate - end_rate) * left ** power + end_rate``, where ``left``
    falls from 1 to 0. The formula of Keras' ``PolynomialDecay`` and of transformers'
    ``get_polynomial_decay_schedule_with_warmup``; power 1 to 0 is linear decay.

    Args:
        initial_rate: Rate at the end of the warm-up, the highest.
        warmup_steps: Steps of the warm-up.
        total_steps: Steps after which the rate stays at ``end_rate``.
        power: Above 1 the rate falls fast at first, below 1 late.
        end_rate: Rate at the end; not above ``initial_rate``.

    Raises:
        UserError: The end rate lies above the initial one, or a number is negative.
    """
    _check(initial_rate, warmup_steps, total_steps)
    if not 0 <= end_rate <= initial_rate or power <= 0:
        raise UserError(
            f"A polynomial decay from {initial_rate} to {end_rate} with power {power}",
            where="training.optimizer.learn_rate",
            todo="end_rate lies between 0 and initial_rate, and power above 0.",
        )

    def decayed(left: float) -> float:
        return (initial_rate - end_rate) * left**power + end_rate

    return _warmed_up(initial_rate, warmup_steps, total_steps, decayed)


@registry.schedules("spans.warmup_cosine.v1")
def warmup_cosine(initial_rate: float, warmup_steps: int, total_steps: int) -> Iterator[float]:
    """Rises from 0 to the rate, then falls to 0 along half a cosine.

    After the warm-up: ``initial_rate * (1 + cos(pi * (1 - left))) / 2``, where ``left`` falls
    from 1 to 0. The annealing of Loshchilov & Hutter 2017 (SGDR) without restarts, as
    transformers' ``get_cosine_schedule_with_warmup``.

    Args:
        initial_rate: Rate at the end of the warm-up, the highest.
        warmup_steps: Steps of the warm-up.
        total_steps: Steps after which the rate stays at 0.

    Raises:
        UserError: A number is negative.
    """
    _check(initial_rate, warmup_steps, total_steps)

    def decayed(left: float) -> float:
        return initial_rate * 0.5 * (1.0 + math.cos(math.pi * (1.0 - left)))

    return _warmed_up(initial_rate, warmup_steps, total_steps, decayed)


def _check(initial_rate: float, warmup_steps: int, total_steps: int) -> None:
    if min(initial_rate, warmup_steps, total_steps) < 0:
        raise UserError(
            f"A rate of {initial_rate}, {warmup_steps} warm-up steps, {total_steps} in all",
            where="training.optimizer.learn_rate",
            todo="None of them can be negative.",
        )


def _warmed_up(
    initial_rate: float, warmup_steps: int, total_steps: int, decayed: Callable[[float], float]
) -> Iterator[float]:
    """The rate at each step: a linear warm-up, then ``decayed`` of the share of steps left.

    A generator of its own: the checks before it shall speak when the config is read.
    """
    step = 0
    while True:
        if step < warmup_steps:
            yield initial_rate * step / warmup_steps
        else:
            # At least one step of decay, where the warm-up takes all of them.
            left = 1.0 - (step - warmup_steps) / max(1, total_steps - warmup_steps)
            yield decayed(max(0.0, left))
        step += 1
