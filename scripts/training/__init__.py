"""Functions that a training may use, registered with spaCy; a trained pipeline needs none."""
