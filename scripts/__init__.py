"""The project's commands: one Typer command a file, run as ``python -m scripts.NAME``."""

import sys

# project.yml names the folders below as dependencies, and weasel hashes every file in them: byte
# code would make an unchanged command run again.
sys.dont_write_bytecode = True
