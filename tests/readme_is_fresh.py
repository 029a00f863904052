"""Fails if README.md is not what `spacy project document` makes of project.yml."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from weasel.cli.document import project_document

ROOT = Path(__file__).resolve().parents[1]


def generated_readme() -> str:
    """README.md with its generated part made anew from project.yml."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("project.yml", "README.md"):
            shutil.copy(ROOT / name, project / name)
        # Assets that are there get a link.
        shutil.copytree(ROOT / "assets" / "sample", project / "assets" / "sample")
        project_document(project, project / "README.md")
        return (project / "README.md").read_text(encoding="utf8")


if __name__ == "__main__":
    if generated_readme() != (ROOT / "README.md").read_text(encoding="utf8"):
        sys.exit("README.md is not fresh: run `python -m spacy project run document`")
    print("README.md is fresh")
