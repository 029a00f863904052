"""The project's commands: one Typer command a file, run as ``python -m scripts.NAME``."""
