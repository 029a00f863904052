"""All functions that configs may name as ``spans.NAME.v1``: importing this registers them.

``scripts.train`` does so itself; plain spaCy is told to:

    python -m spacy train CONFIG --code scripts/training/registered.py

The imports are absolute because spaCy loads the file by its path.
"""

from __future__ import annotations

import scripts.training.augmentation.batches
import scripts.training.augmentation.noise
import scripts.training.augmentation.swap
import scripts.training.autocast
import scripts.training.callbacks
import scripts.training.missing
import scripts.training.optimizers
import scripts.training.prior
import scripts.training.schedules  # noqa: F401
