"""Encoders: where they come from, how they are prepared, what they make of the corpus."""
