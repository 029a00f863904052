"""The embedded default: a small ELECTRA made from the training texts, anywhere, in a minute.

It lets the whole path run without a network and without a GPU. It has seen nothing but the
training texts, so its scores say nothing about what the template reaches with a real encoder.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm
from transformers import ElectraConfig, ElectraForMaskedLM, ElectraModel, ElectraTokenizerFast

from ..common.errors import UserError
from .registry import MAX_LENGTH
from .vocabulary import train_tokenizer

_IGNORED = -100  # what cross_entropy leaves out


@dataclass(frozen=True)
class SampleSettings:
    """Size and pretraining of the small encoder.

    Attributes:
        steps: Updates. Bounded by steps and not by the clock, so that the result depends on the
            texts, the seed and the version of torch alone. Few: on some hundred sentences, more
            pretraining did not make the trained model better.
        seed: Seed of the choice of texts, the initial weights, the batches and the masks.
        max_texts: Texts used at most; a random choice from a larger corpus.
        vocab_size: Wordpieces.
        layers: Transformer layers.
        hidden_size: Width, also of the embeddings.
        heads: Attention heads.
        max_pieces: Longest training sequence in wordpieces; longer texts are cut into several.
        batch_pieces: Wordpieces of a batch, padding included.
        learning_rate: Peak of the learning rate, reached after a tenth of the steps.
        mask_rate: Share of wordpieces to predict.
    """

    steps: int = 60
    seed: int = 0
    max_texts: int = 20_000
    vocab_size: int = 4000
    layers: int = 2
    hidden_size: int = 128
    heads: int = 4
    max_pieces: int = 128
    batch_pieces: int = 2048
    learning_rate: float = 2e-3
    mask_rate: float = 0.15


def make_sample(
    texts: Iterable[str], settings: SampleSettings
) -> tuple[ElectraTokenizerFast, ElectraModel]:
    """Makes a tokenizer and a small encoder from texts, by masked language modelling.

    Args:
        texts: The training texts; never those of dev or test.
        settings: Sizes, steps and seed.

    Raises:
        UserError: There are no texts with a word in them.
    """
    chosen = choose_texts(texts, settings.max_texts, settings.seed)
    if not any(text.strip() for text in chosen):
        raise UserError("There are no training texts to make an encoder from")
    tokenizer = train_tokenizer(chosen, settings.vocab_size)
    sequences = _split(tokenizer, chosen, settings.max_pieces)
    # The weights are drawn from torch's global generator: used in a fork, the caller's is kept.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = ElectraForMaskedLM(_config(tokenizer, settings))
        pretrain(model, sequences, tokenizer, settings)
    return tokenizer, model.electra.eval()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keeps torch to one thread: matrices this small are slower on two, and the sums differ."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def choose_texts(texts: Iterable[str], number: int, seed: int) -> list[str]:
    """Chooses texts at random in one pass, each with the same chance; all if there are few."""
    rng = random.Random(seed)
    chosen: list[str] = []
    for index, text in enumerate(texts):
        if index < number:
            chosen.append(text)
        elif (place := rng.randrange(index + 1)) < number:
            chosen[place] = text
    return chosen


def _config(tokenizer: ElectraTokenizerFast, settings: SampleSettings) -> ElectraConfig:
    return ElectraConfig(
        vocab_size=len(tokenizer),
        embedding_size=settings.hidden_size,
        hidden_size=settings.hidden_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=4 * settings.hidden_size,
        max_position_embeddings=MAX_LENGTH,
        pad_token_id=tokenizer.pad_token_id,
    )


def _split(tokenizer: ElectraTokenizerFast, texts: list[str], max_pieces: int) -> list[list[int]]:
    """Encodes texts, cut where needed, as sequences of wordpieces with the special ones."""
    room = max_pieces - tokenizer.num_special_tokens_to_add()
    sequences = []
    for ids in tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]:
        for start in range(0, len(ids), room):
            part = ids[start : start + room]
            sequences.append([tokenizer.cls_token_id, *part, tokenizer.sep_token_id])
    return sequences


def pretrain(
    model: ElectraForMaskedLM,
    sequences: list[list[int]],
    tokenizer: ElectraTokenizerFast,
    settings: SampleSettings,
) -> list[float]:
    """Pretrains a model in place by masked language modelling.

    Args:
        model: The model, with its head.
        sequences: Wordpiece ids of the texts, special ones included.
        tokenizer: Its tokenizer.
        settings: Steps, rates and seed.

    Returns:
        The loss of every step, in nats per masked wordpiece.
    """
    # Few steps over few texts do not overfit, and dropout would only slow them down.
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.steps, pct_start=0.1
    )
    generator = torch.Generator().manual_seed(settings.seed)
    batches = _batches(sequences, tokenizer.pad_token_id, settings)
    losses = []
    for _ in tqdm(range(settings.steps), desc="pretrain", unit="step", disable=None):
        ids = next(batches)
        masked, labels = mask_pieces(ids, tokenizer, settings.mask_rate, generator)
        loss = _predict(model, masked, ids != tokenizer.pad_token_id, labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def _predict(
    model: ElectraForMaskedLM, ids: torch.Tensor, attended: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Mean loss of the masked wordpieces; logits are made for these alone, to save time."""
    hidden = model.electra(ids, attention_mask=attended.long()).last_hidden_state
    wanted = labels != _IGNORED
    logits = model.generator_lm_head(model.generator_predictions(hidden[wanted]))
    return cross_entropy(logits, labels[wanted])


def _batches(
    sequences: list[list[int]], pad: int, settings: SampleSettings
) -> Iterator[torch.Tensor]:
    """Yields padded batches for ever, of sequences of like length, in random order."""
    rng = random.Random(settings.seed)
    while True:
        order = sorted(sequences, key=lambda ids: (len(ids), rng.random()))
        batches: list[list[list[int]]] = [[]]
        for ids in order:
            if len(ids) * (len(batches[-1]) + 1) > settings.batch_pieces and batches[-1]:
                batches.append([])
            batches[-1].append(ids)
        rng.shuffle(batches)
        for batch in batches:
            width = max(map(len, batch))
            yield torch.tensor([ids + [pad] * (width - len(ids)) for ids in batch])


def mask_pieces(
    ids: torch.Tensor,
    tokenizer: ElectraTokenizerFast,
    rate: float,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hides wordpieces as BERT does: of those chosen 80 % masked, 10 % random, 10 % kept.

    Args:
        ids: Batch of wordpiece ids.
        tokenizer: For the ids of the special pieces, which are never chosen.
        rate: Share of pieces to choose, 0 to 1.
        generator: Source of chance.

    Returns:
        The changed ids, and labels that hold the true id where a piece was chosen, else -100.
        At least one piece is chosen.
    """
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    chance = torch.rand(ids.shape, generator=generator).masked_fill(special, 2.0)
    chosen = (chance < rate) | (chance == chance.min())
    labels = ids.masked_fill(~chosen, _IGNORED)
    kind = torch.rand(ids.shape, generator=generator)
    noise = torch.randint(len(tokenizer), ids.shape, generator=generator)
    changed = torch.where(chosen & (kind < 0.8), tokenizer.mask_token_id, ids)
    changed = torch.where(chosen & (kind >= 0.9), noise, changed)
    return changed, labels
