"""bfloat16, float16 and gradient checkpointing in a tiny pipeline, and gone from what is saved."""

from contextlib import contextmanager

import numpy as np
import pytest
import spacy
import torch
from spacy.training import Example
from spacy.training.initialize import init_nlp

from scripts.common.errors import UserError
from scripts.pipelines.config import read_config
from scripts.pipelines.resume import source_components
from scripts.training.autocast import autocast
from scripts.training.callbacks import gradient_checkpointing

from .conftest import ROOT


@pytest.fixture
def pipeline(settings):
    """Makes an initialised pipeline with sections."""

    def make(*sections, **more):
        config = read_config(ROOT / "configs" / "ner.cfg", {**settings, **more}, sections)
        return init_nlp(config)

    return make


def transformer(nlp):
    return nlp.get_pipe("transformer").model.transformer


@contextmanager
def outputs_of(module):
    """Collects a PyTorch module's outputs."""
    outputs = []
    handle = module.register_forward_hook(lambda _m, _i, output: outputs.append(output))
    yield outputs
    handle.remove()


def gradients_of(nlp, docs):
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
    nlp.update(examples, sgd=False, drop=0.0)
    return {name: p.grad.clone() for name, p in transformer(nlp).named_parameters()
            if p.grad is not None}  # fmt: skip


def test_precision_bf16_computes_in_bfloat16_and_answers_in_float32(pipeline, docs):
    nlp = pipeline("bf16")
    model = transformer(nlp)
    query = model.encoder.layer[0].attention.self.query
    with outputs_of(query) as inner, outputs_of(model) as outer:
        gradients = gradients_of(nlp, docs)
        list(nlp.pipe([doc.text for doc in docs]))
    assert len(inner) == 2
    assert {output.dtype for output in inner} == {torch.bfloat16}
    assert {output.last_hidden_state.dtype for output in outer} == {torch.float32}
    assert {gradient.dtype for gradient in gradients.values()} == {torch.float32}
    assert {weights.dtype for weights in model.state_dict().values()} == {torch.float32}


def test_precision_bf16_is_gone_from_the_saved_pipeline(pipeline, docs, tmp_path):
    pipeline("bf16").to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    with outputs_of(transformer(nlp).encoder.layer[0].attention.self.query) as inner:
        nlp(docs[0].text)
    assert [output.dtype for output in inner] == [torch.float32]


def test_precision_bf16_refuses_what_it_cannot_do(pipeline, nlp):
    with pytest.raises(UserError, match="No component computes in PyTorch"):
        autocast()(nlp)
    with pytest.raises(UserError, match="float16 is not possible"):
        autocast("float16")
    with pytest.raises(UserError, match="float16 and bfloat16 at once"):
        pipeline("bf16", **{"components.transformer.model.mixed_precision": True})


def test_precision_checkpointing_is_on_in_training_with_the_same_gradients(pipeline, docs):
    # With another callback after the initialisation beside it.
    plain, checkpointed = pipeline("bf16"), pipeline("bf16", "checkpointing")
    assert not transformer(plain).is_gradient_checkpointing
    assert transformer(checkpointed).is_gradient_checkpointing
    runs = {}
    gradients = {}
    for nlp in (plain, checkpointed):
        with outputs_of(transformer(nlp).encoder.layer[0].attention.self.query) as outputs:
            gradients[nlp] = gradients_of(nlp, docs)
        runs[nlp] = len(outputs)
    # Once more in the backward pass.
    assert (runs[plain], runs[checkpointed]) == (1, 2)
    assert gradients[plain].keys() == gradients[checkpointed].keys()
    for name, gradient in gradients[plain].items():
        np.testing.assert_allclose(gradient, gradients[checkpointed][name], rtol=1e-2, atol=1e-4)


def test_precision_checkpointing_is_off_in_the_saved_pipeline(pipeline, docs, tmp_path):
    pipeline("checkpointing").to_disk(tmp_path / "model")
    model = transformer(spacy.load(tmp_path / "model"))
    assert not model.is_gradient_checkpointing
    assert "gradient_checkpointing" not in model.config.to_dict()
    with pytest.raises(UserError, match="no transformer to checkpoint"):
        gradient_checkpointing()(spacy.blank("bn"))


def test_precision_is_that_of_the_sections_where_a_training_is_continued(
    pipeline, settings, docs, tmp_path
):
    pipeline("bf16", "checkpointing").to_disk(tmp_path / "model")
    config = read_config(ROOT / "configs" / "ner.cfg", settings, ["bf16", "checkpointing"])
    nlp = init_nlp(source_components(config, tmp_path / "model"))
    assert transformer(nlp).is_gradient_checkpointing
    with outputs_of(transformer(nlp).encoder.layer[0].attention.self.query) as inner:
        nlp(docs[0].text)
    assert {output.dtype for output in inner} == {torch.bfloat16}


@pytest.mark.gpu
@pytest.mark.parametrize("section", ["fp16", "bf16"])
def test_precision_on_a_gpu_trains_and_saves_float32(section, settings, tmp_path):
    import io

    from spacy.training.loop import train

    spacy.require_gpu()
    try:
        config = read_config(ROOT / "configs" / "ner.cfg", settings, [section, "adamw"])
        train(init_nlp(config, use_gpu=0), tmp_path, use_gpu=0, stdout=io.StringIO())
        weights = transformer(spacy.load(tmp_path / "model-last")).state_dict()
    finally:
        spacy.require_cpu()
    assert {value.dtype for value in weights.values()} == {torch.float32}
    assert all(value.isfinite().all() for value in weights.values())
