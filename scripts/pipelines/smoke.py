"""An installed package of a pipeline, tried where nothing of this project is at hand."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..common.errors import UserError

# Run by the Python of the new environment, alone (-I: no PYTHONPATH, no working directory).
PROBE = """
import json, sys
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        raise RuntimeError(f"the network was asked for: {event} {args[1:]}")
sys.addaudithook(watch)
import spacy
name, texts = json.loads(sys.stdin.read())
nlp = spacy.load(name)
found = []
for doc in nlp.pipe(texts):
    rows = lambda spans: [[s.start_char, s.end_char, s.label_] for s in spans]
    found.append([rows(doc.ents), {key: rows(doc.spans[key]) for key in doc.spans}])
print("\\n" + json.dumps({
    "found": found, "path": str(nlp.path), "spacy": spacy.__version__,
    "ours": sorted(m for m in sys.modules if m.split(".")[0] == "scripts"),
}))
"""
SHOWN = 1500


class Smoke(str, Enum):
    """How an installed package is tried.

    ``linked`` takes spaCy and all else that the package requires from the running environment;
    ``full`` installs it from the package index, as who is given the wheel will.
    """

    none = "none"
    linked = "linked"
    full = "full"


@dataclass(frozen=True)
class Tried:
    """What an installed package did.

    Args:
        texts: Number of texts that it marked.
        ents: Number of entities, and of spans of a span categorizer, that it found in them.
        spacy: The version of spaCy that loaded it.
    """

    texts: int
    ents: int
    spacy: str


def try_wheel(
    wheel: Path, name: str, nlp: Language, texts: Sequence[str], folder: Path, smoke: Smoke
) -> Tried:
    """Installs a wheel in a new environment and has it mark texts there, without the network.

    The process runs without the project on its path, and any connection or look-up of a host name
    is an error in it (a Python audit hook, so that nothing can go around it from Python).

    Args:
        wheel: The wheel.
        name: The name that ``spacy.load`` is given.
        nlp: The pipeline that was packaged, on the CPU.
        texts: Texts to mark.
        folder: An empty directory for the environment.
        smoke: ``linked`` or ``full``; only ``full`` needs the package index, and only to install.

    Raises:
        UserError: It cannot be installed or loaded, something of this project is needed to load
            it, or it marks the texts differently from the pipeline.
    """
    # Commands are run in it, where a relative path would lead elsewhere.
    folder = folder.resolve()
    python = _environment(folder / "venv", linked=smoke is Smoke.linked)
    flags = ["--no-deps", "--no-index"] if smoke is Smoke.linked else []
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *flags]
    _run([python, "-I", *install, str(wheel.resolve())], folder, "", "be installed", wheel)
    given = json.dumps([name, list(texts)])
    printed = _run([python, "-I", "-c", PROBE], folder, given, "be loaded and used", wheel)
    result = json.loads(printed.splitlines()[-1])
    if result["ours"] or not Path(result["path"]).is_relative_to(folder):
        raise UserError(
            "The installed package used files of this project",
            where=str(wheel),
            todo=f"It loaded {result['path']} and {', '.join(result['ours']) or 'no module'}.",
        )
    expected = [_found(doc) for doc in nlp.pipe(texts)]
    differing = [i for i, pair in enumerate(zip(result["found"], expected, strict=True))
                 if pair[0] != pair[1]]  # fmt: skip
    if differing:
        first = differing[0]
        raise UserError(
            f"The installed package marks {len(differing)} of {len(texts)} texts differently",
            where=f"{wheel}: {texts[first][:200]!r}",
            todo=f"Installed: {result['found'][first]}. The pipeline: {expected[first]}.",
        )
    ents = sum(len(own) + sum(map(len, spans.values())) for own, spans in result["found"])
    return Tried(len(texts), ents, result["spacy"])


def _found(doc: Doc) -> list[Any]:
    """What PROBE reports of a Doc."""
    spans = {k: [[s.start_char, s.end_char, s.label_] for s in doc.spans[k]] for k in doc.spans}
    return [[[e.start_char, e.end_char, e.label_] for e in doc.ents], spans]


def _environment(path: Path, *, linked: bool) -> str:
    """Makes a virtual environment and gives its Python.

    A linked one sees the packages of the running environment by a .pth file: unlike
    ``--system-site-packages``, that also holds where the running environment is itself a virtual
    one.
    """
    venv.create(path, with_pip=True, symlinks=os.name == "posix")
    scheme = {"base": str(path), "platbase": str(path)}
    scripts = Path(sysconfig.get_path("scripts", "venv", scheme))
    if linked:
        target = Path(sysconfig.get_path("purelib", "venv", scheme))
        users = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
        places = dict.fromkeys([*users, *site.getsitepackages(), sysconfig.get_path("purelib")])
        (target / "linked.pth").write_text("\n".join(places) + "\n", encoding="utf8")
    return str(scripts / Path(sys.executable).name)


def _run(command: Sequence[str], folder: Path, given: str, what: str, wheel: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_variables(os.environ), input=given, text=True, encoding="utf8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode != 0:
        raise UserError(
            f"The package cannot {what} in a new environment",
            where=str(wheel),
            todo=f"It printed last: …{done.stdout[-SHOWN:]}",
        )
    return done.stdout


def _variables(given: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would lead Python or pip back here."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER", "VIRTUAL_ENV")
    kept = {name: value for name, value in given.items() if name not in dropped}
    return {**kept, "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}
