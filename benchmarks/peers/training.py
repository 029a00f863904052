"""What the peers' trainings have in common: options, the best epoch, and the facts of a run.

Runs in the peers' own environment (benchmarks/requirements-peers.txt).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, TrainerCallback, TrainingArguments

from benchmarks.peers.data import Span, Text, read_facts, read_texts, strict_f, write_predictions

# Not in the run's settings: where things are, not what is done.
PLACES = ("data", "encoder", "output")
OVERLAP = 32
Predict = Callable[[Sequence[Text]], list[list[Span]]]


def parser(description: str) -> argparse.ArgumentParser:
    """The options of all peers, with the defaults of their own examples where they agree."""
    found = argparse.ArgumentParser(description=description)
    found.add_argument("--data", type=Path, required=True, help="Folder that export wrote")
    found.add_argument("--encoder", required=True, help="Encoder directory")
    found.add_argument("--output", type=Path, required=True, help="Folder to write")
    found.add_argument("--seed", type=int, default=0)
    found.add_argument("--epochs", type=float, default=3)
    found.add_argument("--batch", type=int, default=16, help="Texts an update")
    found.add_argument("--lr", type=float, default=5e-5)
    found.add_argument("--schedule", default="linear", help="lr_scheduler_type of transformers")
    found.add_argument("--weight-decay", type=float, default=0.0)
    found.add_argument("--warmup", type=float, default=0.0, help="Share of the updates")
    found.add_argument("--max-length", type=int, default=256, help="In wordpieces")
    found.add_argument("--select", choices=("best", "last"), default="best",
                       help="Epoch to keep: best by F on dev, or the last")  # fmt: skip
    found.add_argument("--precision", choices=("fp32", "fp16", "bf16"), default="fp32")
    return found


def arguments(options: argparse.Namespace, folder: str) -> TrainingArguments:
    """The settings of a Trainer; it saves nothing and reports to nobody."""
    return TrainingArguments(
        output_dir=folder,
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch,
        learning_rate=options.lr,
        lr_scheduler_type=options.schedule,
        weight_decay=options.weight_decay,
        warmup_ratio=options.warmup,
        seed=options.seed,
        fp16=options.precision == "fp16",
        bf16=options.precision == "bf16",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        logging_steps=50,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def longest_input(encoder: str, wanted: int) -> int:
    """Wordpieces that an encoder can take, special ones included, up to those wanted."""
    config = AutoConfig.from_pretrained(encoder)
    positions = getattr(config, "max_position_embeddings", None) or wanted
    # RoBERTa counts its positions from the padding id + 1.
    if "roberta" in config.model_type:
        positions -= 2
    return min(wanted, positions)


class Epochs(TrainerCallback):
    """Scores dev after each epoch, and keeps the weights of the best one."""

    def __init__(self, dev: Sequence[Text], predict: Predict, select: str) -> None:
        self.dev, self.predict, self.select = dev, predict, select
        self.scores: list[float] = []
        self.seconds = self.cpu_seconds = 0.0
        self._best: dict[str, torch.Tensor] | None = None

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.select == "last":
            return
        started, cpu = time.perf_counter(), time.process_time()
        model = kwargs["model"]
        f = strict_f(self.dev, self.predict(self.dev))
        print(f"epoch {state.epoch:.2f}: F on dev {f:.4f}", flush=True)
        if not self.scores or f > max(self.scores):
            weights = model.state_dict().items()
            self._best = {name: value.detach().cpu().clone() for name, value in weights}
        self.scores.append(f)
        model.train()
        self.seconds += time.perf_counter() - started
        self.cpu_seconds += time.process_time() - cpu

    def restore(self, model: torch.nn.Module) -> None:
        """Puts the best epoch's weights back."""
        if self._best is not None:
            model.load_state_dict(self._best)


def train_and_predict(
    tool: str,
    options: argparse.Namespace,
    make_trainer: Callable[[list[TrainerCallback], TrainingArguments], Any],
    predict: Predict,
    more: dict[str, Any],
) -> None:
    """Trains, predicts dev and test, and writes predictions and ``peer.json``.

    Args:
        tool: Name and package of the tool.
        options: Its options.
        make_trainer: Makes the Trainer from callbacks and settings.
        predict: Predicts texts with the trained model.
        more: What else is known of the run.
    """
    facts = read_facts(options.data)
    splits = {name: read_texts(options.data / f"{name}.jsonl") for name in facts["texts"]}
    callback = Epochs(splits["dev"], predict, options.select)
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer([callback], arguments(options, folder))
        started, cpu = time.perf_counter(), time.process_time()
        trainer.train()
        seconds = time.perf_counter() - started - callback.seconds
        cpu_seconds = time.process_time() - cpu - callback.cpu_seconds
    callback.restore(trainer.model)
    predicting = _predict_splits(splits, predict, options.output)
    words = facts["words"]
    result = {
        "tool": tool,
        "settings": {k: v for k, v in sorted(vars(options).items()) if k not in PLACES},
        "corpus_md5": facts["corpus_md5"],
        # Scoring dev after each epoch is not part of either.
        "training_seconds": round(seconds, 1),
        "training_cpu_seconds": round(cpu_seconds, 1),
        "updates": trainer.state.global_step,
        "words_seen": round(words["train"] * trainer.state.epoch),
        "words_per_second_training": round(words["train"] * trainer.state.epoch / seconds, 1),
        "words_per_second": {s: round(words[s] / t, 1) for s, t in predicting.items()},
        "dev_f_by_epoch": [round(f, 6) for f in callback.scores],
        "parameters": sum(p.numel() for p in trainer.model.parameters()),
        **more,
        "versions": {name: version(name) for name in ("torch", "transformers")},
        "machine": machine(),
    }
    text = json.dumps(result, indent=2, ensure_ascii=False, default=str)
    (options.output / "peer.json").write_text(text + "\n", encoding="utf8")


def _predict_splits(
    splits: dict[str, list[Text]], predict: Predict, output: Path
) -> dict[str, float]:
    """Predicts and writes every split but train; gives the seconds that each took."""
    output.mkdir(parents=True, exist_ok=True)
    seconds = {}
    for split in sorted(set(splits) - {"train"}):
        started = time.perf_counter()
        spans = predict(splits[split])
        seconds[split] = time.perf_counter() - started
        write_predictions(output / f"{split}.predictions.jsonl", splits[split], spans)
    return seconds


def machine() -> dict[str, Any]:
    """What it ran on."""
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": gpu,
        "python": platform.python_version(),
    }
