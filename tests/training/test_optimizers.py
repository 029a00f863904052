"""AdamW and clipping are PyTorch's; the decay groups are the Hugging Face Trainer's."""

import math

import numpy as np
import pytest
import spacy
import torch
from spacy.training import Example
from thinc.api import Maxout, PyTorchWrapper, chain
from transformers import AutoConfig, AutoModel, Trainer

from scripts.common.errors import UserError
from scripts.training.optimizers import AdamW, clip_gradients, clip_to_norm, decays

RNG = np.random.default_rng(0)
# The embedding sizes of each kind that are not SIZES'.
KINDS = {
    "bert": {}, "roberta": {}, "electra": {"embedding_size": 8}, "deberta-v2": {},
    "distilbert": {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32},
}  # fmt: skip


def arrays(*shapes):
    return [RNG.normal(size=shape).astype("float32") for shape in shapes]


def test_optimizers_adamw_is_that_of_pytorch():
    matrix, bias = arrays((4, 3), (4,))
    theirs = [torch.nn.Parameter(torch.tensor(matrix)), torch.nn.Parameter(torch.tensor(bias))]
    groups = [{"params": theirs[:1], "weight_decay": 0.1},
              {"params": theirs[1:], "weight_decay": 0.0}]  # fmt: skip
    # An eps as large as the gradients: a wrong place for it would show.
    reference = torch.optim.AdamW(groups, lr=0.01, betas=(0.8, 0.95), eps=0.1)
    ours = AdamW(0.01, beta1=0.8, beta2=0.95, eps=0.1, weight_decay=0.1)
    for _ in range(5):
        gradients = arrays((4, 3), (4,))
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = torch.tensor(gradient)
        reference.step()
        matrix, left = ours((1, "layer.weight"), matrix, gradients[0])
        bias, _ = ours((1, "layer.bias"), bias, gradients[1])
        assert not left.any()
    np.testing.assert_allclose(matrix, theirs[0].detach(), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(bias, theirs[1].detach(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_optimizers_decay_groups_are_those_of_the_trainer(kind):
    sizes = {"vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 1,
             "num_attention_heads": 2, "intermediate_size": 32}  # fmt: skip
    model = AutoModel.from_config(AutoConfig.for_model(kind, **(KINDS[kind] or sizes)))
    ours = {name for name, weights in model.named_parameters() if decays(name, weights.ndim)}
    assert ours == set(Trainer.get_decay_parameter_names(None, model))


def test_optimizers_decay_spares_biases_of_thinc():
    layer = Maxout(nO=4, nI=3, nP=2, normalize=True).initialize()
    ours = {
        (node.name, name) for node in layer.walk() for name in node.param_names
        if decays(name, node.get_param(name).ndim)
    }  # fmt: skip
    assert ours == {("maxout", "W")}


def test_optimizers_head_rate_is_for_what_is_not_pytorch():
    optimizer = AdamW(0.01, weight_decay=0.0, head_rate=10.0)
    moves = {}
    for name in ("encoder.layer.0.weight", "W"):
        weights, gradient = arrays((3, 3), (3, 3))
        before = weights.copy()
        weights, _ = optimizer((1, name), weights, gradient)
        moves[name] = np.abs(weights - before).mean()
    assert moves["W"] == pytest.approx(10 * moves["encoder.layer.0.weight"], rel=1e-3)


def test_optimizers_adamw_follows_a_schedule():
    optimizer = AdamW(iter([0.0, 0.5]))
    weights, gradient = arrays((2, 2), (2, 2))
    before = weights.copy()
    optimizer((1, "W"), weights, gradient)
    assert (weights == before).all()
    optimizer.step_schedules()
    assert optimizer.learn_rate == 0.5


@pytest.mark.parametrize("max_norm", [0.5, 1e6])
def test_optimizers_clip_to_the_norm_of_all_gradients_as_pytorch(max_norm):
    linear = torch.nn.Linear(3, 4)
    model = chain(PyTorchWrapper(linear), Maxout(nO=2, nI=4, nP=2)).initialize(X=arrays((5, 3))[0])
    shapes = [node.get_param(name).shape for node in model.walk() for name in node.param_names]
    gradients = arrays((4, 3), (4,), *shapes)
    linear.weight.grad, linear.bias.grad = (torch.tensor(g) for g in gradients[:2])
    mine = [(node, name) for node in model.walk() for name in node.param_names]
    for (node, name), gradient in zip(mine, gradients[2:], strict=True):
        node.set_grad(name, gradient.copy())
    theirs = [torch.nn.Parameter(torch.tensor(gradient)) for gradient in gradients]
    for parameter in theirs:
        parameter.grad = parameter.detach().clone()
    norm = torch.nn.utils.clip_grad_norm_(theirs, max_norm)
    # Twice the same model: its gradients count once.
    assert clip_to_norm([model, model], max_norm) == pytest.approx(float(norm), rel=1e-6)
    ours = [linear.weight.grad, linear.bias.grad, *(node.get_grad(name) for node, name in mine)]
    for clipped, parameter in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(clipped, parameter.grad, rtol=1e-5)


class Recorder:
    """An optimizer that keeps the gradients that it is given and changes nothing."""

    def __init__(self):
        self.squares = {}

    def __call__(self, key, weights, gradient):
        self.squares[key] = float((gradient.astype("float64") ** 2).sum())
        gradient *= 0
        return weights, gradient


def test_optimizers_clip_before_the_first_component_is_updated(docs):
    nlp = spacy.blank("bn")
    nlp.add_pipe("tok2vec")
    nlp.add_pipe("ner", config={"model": {"@architectures": "spacy.TransitionBasedParser.v2",
        "tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": 96},
        "state_type": "ner", "extra_state_tokens": False, "hidden_width": 16,
        "maxout_pieces": 2, "use_upper": True}})  # fmt: skip
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
    nlp.initialize(lambda: examples)
    before_update = clip_gradients(0.25)
    norms = []
    for step in range(2):
        before_update(nlp, {"step": step, "epoch": 0})
        # Two parts of a batch, as with accumulate_gradient: their sum is clipped.
        for part in (examples[:2], examples[2:]):
            nlp.update(part, sgd=False)
        recorder = Recorder()
        for _, pipe in nlp.pipeline:
            pipe.finish_update(recorder)
        norms.append(math.sqrt(sum(recorder.squares.values())))
    assert norms == pytest.approx([0.25, 0.25], rel=1e-3)


def test_optimizers_clip_needs_something_to_clip():
    with pytest.raises(UserError, match="no component is trained"):
        clip_gradients()(spacy.blank("bn"), {"step": 0, "epoch": 0})
    with pytest.raises(UserError, match="norm of 0"):
        clip_gradients(0)
