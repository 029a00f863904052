"""Loading encoder files, and refusing those that spacy-transformers could not use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from ..common.errors import UserError
from .registry import MAX_LENGTH
from .sources import check_files


def load_encoder(directory: Path) -> tuple[PreTrainedTokenizerFast, PreTrainedModel]:
    """Loads tokenizer and weights, and refuses what spacy-transformers could not use.

    Raises:
        UserError: A file is missing or broken, the tokenizer has no fast form or no padding
            piece, or the weights do not fit the configuration or the tokenizer.
    """
    check_files(directory)
    tokenizer = load_tokenizer(directory)
    try:
        model, info = AutoModel.from_pretrained(
            directory, output_loading_info=True, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # foreign files: any loader may raise anything
        raise _broken("weights", directory, error) from error
    # The pooler is a head of the pretraining task; spacy-transformers does not use it.
    missing = [key for key in info["missing_keys"] if "pooler" not in key]
    if missing:
        message = f"The weights do not fit config.json: {len(missing)} missing ({missing[0]})"
        raise UserError(message, where=str(directory), todo="Get the whole encoder again.")
    pieces, rows = len(tokenizer), model.get_input_embeddings().num_embeddings
    if pieces > rows:
        message = f"The tokenizer has {pieces} wordpieces, the weights are for {rows}"
        raise UserError(message, where=str(directory), todo="Get the whole encoder again.")
    return tokenizer, model


def load_tokenizer(directory: Path) -> PreTrainedTokenizerFast:
    """Loads the tokenizer of an encoder directory.

    Raises:
        UserError: It is broken, has no fast form or no padding piece, or lacks its vocabulary.
    """
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(
            directory, use_fast=True, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # foreign files: any loader may raise anything
        raise _broken("tokenizer", directory, error) from error
    where = str(directory)
    if not tokenizer.is_fast:
        todo = "Choose an encoder with a tokenizer.json; offsets need it."
        raise UserError("The encoder has no fast tokenizer", where=where, todo=todo)
    if tokenizer.pad_token is None:
        raise UserError("The tokenizer has no padding piece", where=where)
    # spacy-transformers opens the vocabulary file of every tokenizer that names one.
    if hasattr(tokenizer, "vocab_file") and not Path(tokenizer.vocab_file or "").is_file():
        message = f"{type(tokenizer).__name__} needs its vocabulary file beside tokenizer.json"
        raise UserError(message, where=where, todo="Add the SentencePiece or vocabulary file.")
    return tokenizer


def count_positions(model: PreTrainedModel) -> int:
    """Counts the positions, in wordpieces, that an encoder can take.

    RoBERTa-like encoders number positions from ``padding_idx + 1``, so that two of their 514
    are never used; BERT and ELECTRA number them from 0.
    """
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            unused = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - unused
    return getattr(model.config, "max_position_embeddings", None) or MAX_LENGTH


def _broken(part: str, directory: Path, error: Exception) -> UserError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    message = f"The encoder's {part} cannot be read: {reason}"
    return UserError(message, where=str(directory), todo="Get the whole encoder again.")
