"""Mixed precision in bfloat16, which spacy-transformers has no setting for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from spacy.language import Language
from spacy.util import registry
from thinc.api import PyTorchShim

from ..common.errors import UserError
from .shims import torch_shims

DTYPES = {"bfloat16": torch.bfloat16}


@registry.callbacks("spans.autocast.v1")
def autocast(dtype: str = "bfloat16") -> Callable[[Language], Language]:
    """Makes an ``[initialize.after_init]`` that runs PyTorch models in lower precision.

    In training and in its evaluations on dev the forward pass runs under ``torch.autocast``; the
    weights, their gradients and the optimizer stay in float32, and so does what is saved. A saved
    pipeline knows nothing of it and computes in float32.

    bfloat16 has the exponents of float32: gradients do not vanish, and nothing is scaled, unlike
    with float16, which is spaCy's own ``mixed_precision``.

    Args:
        dtype: ``bfloat16``.

    Raises:
        UserError: Another dtype; when called: no PyTorch model in the pipeline, one that is in
            float16 already, or a GPU that has no bfloat16.
    """
    if dtype not in DTYPES:
        raise UserError(
            f"Training in {dtype} is not possible this way",
            where="initialize.after_init.dtype",
            todo="Use bfloat16; for float16, mixed_precision = true (--with fp16).",
        )

    def after_init(nlp: Language) -> Language:
        shims = torch_shims(nlp)
        if not shims:
            raise UserError(
                f"No component computes in PyTorch: {', '.join(nlp.pipe_names)}",
                where="initialize.after_init",
                todo=f"Leave {dtype} out.",
            )
        for shim in shims:
            _run_in(shim, DTYPES[dtype])
        return nlp

    return after_init


def _run_in(shim: PyTorchShim, dtype: torch.dtype) -> None:
    """Replaces the forward of a shim's model by one under autocast that gives float32."""
    if shim._mixed_precision:
        raise UserError(
            "The transformer cannot be in float16 and bfloat16 at once",
            where="components.transformer.model.mixed_precision",
            todo="Set it to false.",
        )
    device = shim.device.type
    if device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise UserError(
            f"{torch.cuda.get_device_name()} has no bfloat16",
            where="initialize.after_init",
            todo="Use float16, with --with fp16.",
        )
    forward = shim._model.forward

    @wraps(forward)
    def autocasted(*args: Any, **kwargs: Any) -> Any:
        with torch.autocast(device, dtype=dtype):
            output = forward(*args, **kwargs)
        return _in_float32(output)

    # Of the instance: neither its class nor its state_dict, which is what is saved, changes.
    shim._model.forward = autocasted


def _in_float32(output: Any) -> Any:
    """The output with its tensors in float32: NumPy and CuPy do not know bfloat16."""
    if isinstance(output, torch.Tensor):
        return output.float() if output.is_floating_point() else output
    if isinstance(output, dict):
        # A ModelOutput is a dictionary whose attributes follow its items.
        for key, value in output.items():
            output[key] = _in_float32(value)
        return output
    if isinstance(output, tuple):
        return tuple(_in_float32(value) for value in output)
    return output
