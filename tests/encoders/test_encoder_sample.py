from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import ElectraConfig, ElectraForMaskedLM

from scripts.common.errors import UserError
from scripts.encoders.sample import SampleSettings, choose_texts, make_sample, mask_pieces, pretrain
from scripts.encoders.vocabulary import train_tokenizer

from . import TEXTS

ROOT = Path(__file__).resolve().parents[2]
SMALL = SampleSettings(steps=3, vocab_size=300, layers=1, hidden_size=16, heads=2, batch_pieces=64)


def weights(settings: SampleSettings = SMALL, texts: list[str] = TEXTS) -> dict[str, torch.Tensor]:
    return make_sample(texts, settings)[1].state_dict()


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[key], second[key]) for key in first)


def test_sample_depends_on_its_settings_alone_and_keeps_the_global_generator():
    torch.manual_seed(1)
    first = weights()
    following = torch.rand(1)
    torch.manual_seed(2)
    assert same(first, weights())
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), following)
    assert not same(first, weights(replace(SMALL, seed=1)))
    assert not same(first, weights(replace(SMALL, steps=4)))


def test_pretrain_learns_to_predict_masked_pieces():
    tokenizer = train_tokenizer(TEXTS, 200)
    sequences = tokenizer(TEXTS)["input_ids"]
    config = ElectraConfig(
        vocab_size=len(tokenizer),
        embedding_size=32,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = ElectraForMaskedLM(config)
    losses = pretrain(model, sequences, tokenizer, replace(SMALL, steps=200, learning_rate=1e-2))
    assert len(losses) == 200
    assert losses[0] > 4.5  # near chance, the logarithm of the number of wordpieces
    assert sum(losses[-20:]) / 20 < 2


def test_sample_cuts_long_texts_and_uses_all_of_them():
    tokenizer, model = make_sample([" ".join(TEXTS * 30)], replace(SMALL, max_pieces=16))
    assert model.config.max_position_embeddings == 512
    assert len(model(torch.ones(1, 512, dtype=torch.long)).last_hidden_state[0]) == 512


@pytest.mark.parametrize("texts", [[], ["", " "]])
def test_sample_refuses_an_empty_corpus(texts):
    with pytest.raises(UserError, match="no training texts"):
        make_sample(texts, SMALL)


def test_choose_texts_is_a_seeded_choice():
    texts = [str(number) for number in range(1000)]
    assert choose_texts(texts, 2000, 0) == texts
    chosen = choose_texts(texts, 100, 0)
    assert len(set(chosen)) == 100
    assert chosen == choose_texts(texts, 100, 0) != choose_texts(texts, 100, 1)
    # Every tenth of the corpus is drawn from: not only its beginning.
    assert {int(text) // 100 for text in chosen} == set(range(10))


def test_mask_pieces_hides_about_the_share_and_no_special_piece():
    tokenizer = train_tokenizer(TEXTS, 200)
    ids = torch.randint(5, len(tokenizer), (50, 40), generator=torch.Generator().manual_seed(0))
    ids[:, 0], ids[:, -1] = tokenizer.cls_token_id, tokenizer.pad_token_id
    changed, labels = mask_pieces(ids, tokenizer, 0.15, torch.Generator().manual_seed(0))
    chosen = labels != -100
    assert 0.12 < chosen[:, 1:-1].float().mean() < 0.18
    assert not chosen[:, 0].any() and not chosen[:, -1].any()
    assert torch.equal(labels[chosen], ids[chosen])
    assert torch.equal(changed[~chosen], ids[~chosen])
    masked = (changed[chosen] == tokenizer.mask_token_id).float().mean()
    kept = (changed[chosen] == ids[chosen]).float().mean()
    assert 0.7 < masked < 0.9 and 0.04 < kept < 0.2


def test_mask_pieces_always_hides_one():
    tokenizer = train_tokenizer(TEXTS, 200)
    ids = torch.tensor([[tokenizer.cls_token_id, 7, tokenizer.sep_token_id]])
    for seed in range(20):
        _, labels = mask_pieces(ids, tokenizer, 0.01, torch.Generator().manual_seed(seed))
        assert labels.tolist() == [[-100, 7, -100]]


@pytest.mark.project
def test_vocabulary_is_the_same_in_every_process():
    # The trainer's hash maps are seeded anew in each process (huggingface/tokenizers #1794).
    code = (
        "import json\nfrom scripts.encoders.vocabulary import train_tokenizer\n"
        "from tests.encoders import TEXTS\n"
        "print(json.dumps(train_tokenizer(TEXTS, 120).get_vocab()))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, encoding="utf8"
    )
    here = train_tokenizer(TEXTS, 120).get_vocab()
    assert json.loads(other.stdout) == here
    assert len(here) == 120


def test_vocabulary_covers_its_texts_and_keeps_signs():
    tokenizer = train_tokenizer(TEXTS, 400)
    for text in TEXTS:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids, clean_up_tokenization_spaces=False).replace(
            " ", ""
        ) == text.replace(" ", "")


def test_vocabulary_takes_composed_and_decomposed_spellings_as_one():
    tokenizer = train_tokenizer(["\u09ac\u09be\u09dc\u09bf \u09ac\u09be\u09a1\u09bc\u09bf"], 60)
    assert tokenizer.tokenize("\u09dc") == tokenizer.tokenize("\u09a1\u09bc")
    first, second = "\u09ac\u09be\u09dc\u09bf", "\u09ac\u09be\u09a1\u09bc\u09bf"
    assert tokenizer.tokenize(first) == tokenizer.tokenize(second)
    assert len(tokenizer.tokenize(first)) == 1
