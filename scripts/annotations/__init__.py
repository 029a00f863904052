"""Annotated text: records, formats, offsets, audit and repair. Knows no spaCy model."""
