"""AdamW with decay groups, and the clipping of all gradients together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from spacy.language import Language
from spacy.util import registry
from thinc.api import Model, Optimizer, PyTorchShim, get_array_module
from thinc.backends import get_array_ops
from thinc.types import FloatsXd
from thinc.util import xp2torch

from ..common.errors import UserError

Key = tuple[int, str]
# A schedule is an iterator, which pydantic would consume: thinc's own name for it is kept.
Rate = Any


@registry.optimizers("spans.AdamW.v1")
def adamw(
    learn_rate: Rate,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    head_rate: float = 1.0,
) -> AdamW:
    """AdamW as PyTorch computes it, with the decay groups of the Hugging Face Trainer.

    See ``AdamW``. It does not clip gradients: ``spans.clip_gradients.v1`` does.

    Args:
        learn_rate: Learning rate, or a schedule of it by updates.
        beta1: Decay of the gradient's running mean.
        beta2: Decay of the squared gradient's running mean.
        eps: Added to the root of the latter, after its bias is corrected.
        weight_decay: Share of a weight, times the learning rate, that is taken off an update.
        head_rate: What the learning rate is multiplied by outside the transformer: for the
            ``ner`` layers, which start from nothing while the transformer is pretrained.
    """
    return AdamW(
        learn_rate, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay,
        head_rate=head_rate,
    )  # fmt: skip


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), equal to torch.optim.AdamW.

    thinc's Adam differs from it in three ways: it decays biases and layer norms too, it decays
    after the step rather than before, and its eps is not scaled with the bias correction.
    """

    __slots__ = ["_fused", "head_rate"]

    head_rate: float

    def __init__(
        self,
        learn_rate: Rate,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        head_rate: float = 1.0,
    ) -> None:
        super().__init__(
            learn_rate, beta1=beta1, beta2=beta2, eps=eps, L2=weight_decay, grad_clip=0.0,
            use_averages=False, L2_is_weight_decay=True,
        )  # fmt: skip
        self.head_rate = head_rate
        self._fused: dict[Key, torch.optim.AdamW] = {}

    def __call__(
        self, key: Key, weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> tuple[FloatsXd, FloatsXd]:
        """Updates one parameter in place, as thinc's layers and shims ask for it.

        Args:
            key: Id of the layer or shim, and the parameter's name in it.
            weights: The parameter.
            gradient: Its gradient; zero afterwards.
            lr_scale: What the learning rate is multiplied by.

        Returns:
            Weights and gradient.
        """
        if gradient.size < 1:
            return weights, gradient
        name = key[1]
        rate = self.learn_rate * lr_scale
        decay = self.L2 if decays(name, weights.ndim) else 0.0
        if of_torch(name):
            self._step_fused(key, weights, gradient, rate, decay)
        else:
            weights = self._step(key, weights, gradient, rate * self.head_rate, decay)
        gradient *= 0
        return weights, gradient

    def _step_fused(
        self, key: Key, weights: FloatsXd, gradient: FloatsXd, rate: float, decay: float
    ) -> None:
        """PyTorch's own fused step, on the memory of the arrays: 4 times as fast as thinc's."""
        if key not in self._fused:
            parameter = torch.nn.Parameter(xp2torch(weights))
            self._fused[key] = torch.optim.AdamW(
                [parameter], betas=(self.b1, self.b2), eps=self.eps, weight_decay=decay, fused=True
            )
        group = self._fused[key].param_groups[0]
        group["lr"] = rate
        group["params"][0].data = xp2torch(weights)
        group["params"][0].grad = xp2torch(gradient)
        self._fused[key].step()

    def _step(
        self, key: Key, weights: FloatsXd, gradient: FloatsXd, rate: float, decay: float
    ) -> FloatsXd:
        weights *= 1.0 - rate * decay
        self.nr_update[key] += 1
        ops = get_array_ops(weights)
        if key not in self.mom1:
            self.mom1[key] = ops.alloc1f(weights.size)
            self.mom2[key] = ops.alloc1f(weights.size)
        updates = self.nr_update[key]
        bias1 = 1.0 - self.b1**updates
        root2 = math.sqrt(1.0 - self.b2**updates)
        # thinc's kernel has no bias correction: rate and eps are scaled to make it PyTorch's.
        flat, _, self.mom1[key], self.mom2[key] = ops.adam(
            ops.reshape1f(weights, weights.size), ops.reshape1f(gradient, gradient.size),
            self.mom1[key], self.mom2[key], self.b1, self.b2, self.eps * root2,
            rate * root2 / bias1,
        )  # fmt: skip
        return ops.reshape_f(flat, weights.shape)


def decays(name: str, dimensions: int) -> bool:
    """Whether weight decay applies to a parameter: not to biases, and not to layer norms.

    Both are vectors in PyTorch and in thinc, but for the biases of thinc's maxout layers (``b``)
    and its padding rows (``pad``), which have a name. For BERT, RoBERTa, ELECTRA, DistilBERT and
    DeBERTa these are the groups of the Hugging Face Trainer (``get_decay_parameter_names``).
    """
    return dimensions > 1 and name.rsplit(".", 1)[-1] not in {"b", "bias", "pad"}


def of_torch(name: str) -> bool:
    """Whether a parameter's name is one of PyTorch's, such as ``encoder.layer.0.output.weight``.

    In the pipelines of this project only the transformer is a PyTorch model.
    """
    return "." in name


@registry.callbacks("spans.clip_gradients.v1")
def clip_gradients(max_norm: float = 1.0) -> Callable[[Language, dict[str, Any]], None]:
    """Makes a ``[training.before_update]`` that scales all gradients together, once an update.

    Scaled down so that the L2 norm of all gradients of all components, taken as one vector, is
    at most ``max_norm``: as ``torch.nn.utils.clip_grad_norm_``, and so the Hugging Face Trainer,
    does. The ``grad_clip`` of thinc's own optimizers clips every parameter by its own norm.

    spaCy has no hook between the last backward pass of an update and its first change of a
    weight. The first trainable component's ``finish_update`` is that place, so it is replaced,
    in this process, at the first update; nothing of it is saved.

    Args:
        max_norm: Largest norm.

    Raises:
        UserError: The norm is not positive; at the first update: nothing is trained.
    """
    if max_norm <= 0:
        raise UserError(
            f"Gradients cannot be clipped to a norm of {max_norm}",
            where="training.before_update.max_norm",
            todo="Give a number above 0; to clip nothing, leave the section out.",
        )
    ready = False

    def before_update(nlp: Language, info: dict[str, Any]) -> None:
        nonlocal ready
        if not ready:
            _clip_before_first(nlp, max_norm)
            ready = True

    return before_update


def clip_to_norm(models: Iterable[Model], max_norm: float) -> float:
    """Scales the gradients of models in place so that their common L2 norm is at most max_norm.

    A PyTorch model whose gradients overflowed in half precision is left out: thinc skips its
    update.

    Returns:
        The norm before.
    """
    gradients = list(_gradients(models))
    of_torch_models = [g for g in gradients if isinstance(g, torch.Tensor)]
    # One number for all of PyTorch's: a square for each parameter took half of a training's time.
    square = float(torch.nn.utils.get_total_norm(of_torch_models)) ** 2
    square += sum(_square(g) for g in gradients if not isinstance(g, torch.Tensor))
    norm = math.sqrt(square)
    # 1e-6 as in PyTorch: the norm may be 0.
    scale = max_norm / (norm + 1e-6)
    if scale < 1:
        for gradient in gradients:
            gradient *= scale
    return norm


def _clip_before_first(nlp: Language, max_norm: float) -> None:
    """Puts the clipping in front of the first component whose weights are updated."""
    frozen = set(nlp.config["training"]["frozen_components"])
    trained = [
        pipe for name, pipe in nlp.pipeline
        if name not in frozen and getattr(pipe, "is_trainable", False)
        and isinstance(getattr(pipe, "model", None), Model)
    ]  # fmt: skip
    if not trained:
        raise UserError("There are no gradients to clip: no component is trained")
    models = [pipe.model for pipe in trained]
    finish_update = trained[0].finish_update

    def clip_and_finish(optimizer: Optimizer) -> None:
        clip_to_norm(models, max_norm)
        finish_update(optimizer)

    try:
        trained[0].finish_update = clip_and_finish
    except AttributeError:
        raise UserError(
            "Gradients can be clipped together only if tok2vec or transformer is trained first",
            where=f"pipeline {nlp.pipe_names}",
            todo="Leave [training.before_update] out, and use the optimizer's grad_clip.",
        ) from None


def _gradients(models: Iterable[Model]) -> Iterable[Any]:
    """Every gradient once, NumPy's, CuPy's and PyTorch's, for changes in place."""
    seen = set()
    for node in (node for model in models for node in model.walk()):
        if node.id in seen:
            continue
        seen.add(node.id)
        yield from (node.get_grad(name) for name in node.param_names if node.has_grad(name))
        for shim in node.shims:
            if isinstance(shim, PyTorchShim) and not shim._grad_scaler.found_inf:
                yield from (p.grad for p in shim._model.parameters() if p.grad is not None)


def _square(gradient: FloatsXd) -> float:
    """Sum of the squares of a gradient."""
    return float(get_array_module(gradient).square(gradient.astype("float64")).sum())
