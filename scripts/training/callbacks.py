"""What is done to a pipeline between its initialisation and its first update."""

from __future__ import annotations

from collections.abc import Callable

from spacy.language import Language
from spacy.util import registry

from ..common.errors import UserError
from .shims import torch_shims

AfterInit = Callable[[Language], Language]


@registry.callbacks("spans.each.v1")
def each(*callbacks: AfterInit) -> AfterInit:
    """Makes one ``[initialize.after_init]`` of several, called in their order.

    ``--with`` writes it where sections, or a section and the config, each have one.

    Args:
        *callbacks: The callbacks, as blocks ``[initialize.after_init.*.NAME]``.
    """

    def after_init(nlp: Language) -> Language:
        for callback in callbacks:
            callback(nlp)
        return nlp

    return after_init


@registry.callbacks("spans.gradient_checkpointing.v1")
def gradient_checkpointing() -> AfterInit:
    """Makes an ``[initialize.after_init]`` that turns on the transformers' gradient checkpointing.

    The encoder's config is no way to do it: what ``[…transformer_config]`` sets reaches
    ``AutoConfig.from_pretrained``, which drops a key that the encoder's config class does not
    declare (``PretrainedConfig.from_dict``), and none declares this one. A saved pipeline knows
    nothing of it.

    Raises:
        UserError: When called: there is no transformer, or its architecture cannot do it.
    """

    def after_init(nlp: Language) -> Language:
        # Known by its switch: to import transformers for its class would slow every command down.
        models = [s._model for s in torch_shims(nlp)
                  if hasattr(s._model, "gradient_checkpointing_enable")]  # fmt: skip
        if not models:
            raise UserError(
                f"There is no transformer to checkpoint: {', '.join(nlp.pipe_names)}",
                where="initialize.after_init",
                todo="Leave gradient checkpointing out.",
            )
        for model in models:
            if not model.supports_gradient_checkpointing:
                raise UserError(
                    f"{type(model).__name__} cannot be checkpointed",
                    where="initialize.after_init",
                    todo="Use smaller batches instead, e.g. --training.batcher.size 1000.",
                )
            # Not the reentrant kind, which PyTorch advises against: it needs inputs with gradients.
            model.gradient_checkpointing_enable({"use_reentrant": False})
        return nlp

    return after_init
