"""Where a span categorizer begins: nearly nothing is an entity."""

from __future__ import annotations

import math
from collections.abc import Callable

from spacy.language import Language
from spacy.pipeline import SpanCategorizer
from spacy.util import registry
from thinc.api import Model

from ..common.errors import UserError


@registry.callbacks("spans.spancat_prior.v1")
def spancat_prior(prior: float = 0.01) -> Callable[[Language], Language]:
    """Makes an ``[initialize.after_init]`` by which a new span categorizer expects few entities.

    Of the suggestions of a text one in a hundred is an entity. With a bias of 0 all of them start
    at a probability of about 0.5, and the first updates teach nothing but that most are none:
    through large gradients, which reach the encoder. The bias log(p / (1 - p)) of the output layer
    starts them at p (Lin et al. 2017, Focal loss, section 3.3). Weights that are already trained
    (a training that is continued) are left as they are. Only the start is changed: the saved
    pipeline is spaCy's own.

    Args:
        prior: Probability of a suggestion to be an entity of a label, 0 to 1.

    Raises:
        UserError: The prior is no probability; when called: there is no span categorizer with a
            logistic output.
    """
    if not 0 < prior < 1:
        raise UserError(
            f"A prior of {prior} is no probability",
            where="initialize.after_init.prior",
            todo="Give the share of suggestions that are entities, such as 0.01.",
        )

    def after_init(nlp: Language) -> Language:
        # Disabled ones too: where a training is continued, all are when this is called.
        layers = [layer for _, pipe in nlp.components if isinstance(pipe, SpanCategorizer)
                  for layer in _logistic_outputs(pipe.model)]  # fmt: skip
        if not layers:
            raise UserError(
                "There is no span categorizer with a logistic output",
                where=f"pipeline {nlp.pipe_names}",
                todo="Leave the section out.",
            )
        for layer in layers:
            bias = layer.get_param("b")
            if not bias.any():
                layer.set_param("b", bias + math.log(prior / (1 - prior)))
        return nlp

    return after_init


def _logistic_outputs(model: Model) -> list[Model]:
    """The linear layers right below a logistic one."""
    found = []
    for node in model.walk():
        for below, above in zip(node.layers, node.layers[1:], strict=False):
            if above.name == "logistic" and below.has_param("b"):
                found.append(below)
    return found
