"""The PyTorch models inside a pipeline."""

from __future__ import annotations

from spacy.language import Language
from thinc.api import Model, PyTorchShim


def torch_shims(nlp: Language) -> list[PyTorchShim]:
    """What wraps each PyTorch model of a pipeline's components, in their order.

    Of disabled ones too: where a training is continued, all are while the pipeline is initialised.
    """
    models = [getattr(pipe, "model", None) for _, pipe in nlp.components]
    return [
        shim for model in models if isinstance(model, Model) for node in model.walk()
        for shim in node.shims if isinstance(shim, PyTorchShim)
    ]  # fmt: skip
