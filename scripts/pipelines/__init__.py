"""Setting up and running spaCy's own training."""
