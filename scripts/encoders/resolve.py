"""What ``encoder: auto`` means on this machine with this config."""

from __future__ import annotations

from pathlib import Path

from spacy import util

from ..common.errors import UserError


def resolve_encoder(
    encoder: str, config_has_transformer: bool, gpu_available: bool, config_encoder: str
) -> tuple[str, str]:
    """Chooses the source of the encoder.

    Args:
        encoder: ``auto``, ``sample``, ``none``, a name on the hub, ``package:NAME`` or a directory.
        config_has_transformer: Whether the training config has a transformer at all.
        gpu_available: Whether training will run on a GPU.
        config_encoder: Model name that the config gives for its transformer.

    Returns:
        The source, and one sentence that says why.

    Raises:
        UserError: ``auto`` on a GPU, but the config names no encoder.
    """
    if encoder != "auto":
        return encoder, f"{encoder} was asked for"
    if not config_has_transformer:
        return "none", "the config has no transformer, so no encoder is needed"
    if not gpu_available:
        return "sample", (
            "there is no GPU to train on, and a full encoder takes hours on a CPU: "
            "a small one is made from the training texts"
        )
    if not config_encoder:
        raise UserError("The config's transformer has no model name", todo="Name an encoder.")
    return config_encoder, "there is a GPU, so the config's own encoder is used"


def read_config_encoder(path: Path) -> tuple[bool, str]:
    """Reads from a training config whether it has a transformer, and which.

    Args:
        path: A spaCy config.

    Returns:
        Whether a component has the factory ``transformer``, and its model name or "".

    Raises:
        UserError: The file is missing or not a config.
    """
    try:
        # Not interpolated: environment variables and paths need not be set to read one name.
        config = util.load_config(path, interpolate=False)
        for key, component in config.get("components", {}).items():
            if component.get("factory") == "transformer":
                name = str(component.get("model", {}).get("name") or "")
                if "${" in name:
                    name = str(config.interpolate()["components"][key]["model"]["name"] or "")
                return True, name
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"Cannot read the config: {reason}", where=str(path)) from error
    return False, ""
