"""A trained pipeline made ready for ``spacy package``: names checked, places cut, files added.

spaCy copies the pipeline directory as it is. What training left in it of the machine, and what
belongs to the model but stands elsewhere (its calibration), is seen to here, on a copy.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import srsly
from packaging.version import InvalidVersion, Version

from ..common.errors import UserError
from ..common.files import write_json
from .calibrations import read_calibration
from .card import README, portable_config, without_front_matter
from .licences import UNKNOWN
from .meta import package_meta

CALIBRATION = "calibration.json"
# spaCy copies a file of this name beside setup.py; its own pipelines have one.
SOURCES = "LICENSES_SOURCES"
# What spaCy and setuptools put into the directory of a package, beside the package itself.
OURS = ("dist", "build", "*.egg-info", "meta.json", "setup.py", "MANIFEST.in", README,
        "LICENSE", SOURCES)  # fmt: skip
# A module's name: what stands after ``import`` and, in lower or upper case, on package indexes.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LOCAL = re.compile(r"(/|[A-Za-z]:[\\/]|\\\\)")


@dataclass(frozen=True)
class Prepared:
    """A copy of a pipeline that can be packaged.

    Args:
        pipeline: The copy.
        meta: The meta.json of the package.
        calibration: What became of the calibration, in words.
        calibrated: Whether it is in the copy.
        shortened: Number of local paths that were cut down to their last part.
    """

    pipeline: Path
    meta: Path
    calibration: str
    calibrated: bool
    shortened: int


def check_request(model: Path, name: str, version: str) -> str:
    """Finds what would make a package that cannot be built, installed or imported.

    Args:
        model: The trained pipeline.
        name: Name of the package, without the language.
        version: Version of the package.

    Returns:
        The name under which ``spacy.load`` finds the installed package, such as ``bn_ner``.

    Raises:
        UserError: There is no pipeline, the name or the version cannot be, or what builds wheels
            is not installed.
    """
    if not (model / "meta.json").is_file():
        raise UserError(
            "There is no trained pipeline",
            where=str(model),
            todo="Train one first: python -m spacy project run train",
        )
    lang = srsly.read_json(model / "meta.json")["lang"]
    if not _NAME.fullmatch(name) or name.endswith("_"):
        raise UserError(
            f"A package cannot be called {name!r}",
            where="--name",
            todo="It becomes the name of a Python module: Latin letters, digits and underscores, "
            "a letter first.",
        )
    if name.startswith(f"{lang}_"):
        raise UserError(
            f"The name begins with the language, which is put before it: {lang}_{name}",
            where="--name",
            todo=f"Use {name.removeprefix(f'{lang}_')}.",
        )
    _check_version(version)
    if find_spec("build") is None:
        raise UserError(
            "The package 'build', which builds wheels, is not installed",
            todo="python -m pip install -r requirements.txt",
        )
    return f"{lang}_{name}"


def _check_version(version: str) -> None:
    try:
        normal = str(Version(version))
    except InvalidVersion:
        raise UserError(
            f"A package cannot have version {version!r}", where="--version", todo="Such as 0.1.0."
        ) from None
    if normal != version:
        raise UserError(
            f"pip would call version {version!r} {normal!r}", where="--version",
            todo=f"Use {normal}.",
        )  # fmt: skip


def prepare(model: Path, folder: Path, name: str, version: str, calibration: Path) -> Prepared:
    """Copies a pipeline into a folder, ready to be packaged; the pipeline itself is not changed.

    In the copy, absolute paths are cut down to their last part: of what training was given
    (config.cfg), and of an encoder in a directory (meta.json, and what spacy-transformers saves).
    Added are the calibration, if it was made for this model, and LICENSES_SOURCES. The card's front
    matter goes: ``spacy huggingface-hub push`` writes its own, and a second would be shown as text.

    Args:
        model: The trained pipeline.
        folder: An empty directory on the same file system, where links save copying.
        name: Name of the package, without the language.
        version: Version of the package.
        calibration: What ``calibrate`` wrote, used if the pipeline's directory has none of its own.
    """
    copy = folder / "pipeline"
    shutil.copytree(model, copy, copy_function=_link)
    meta = package_meta(model, name, version)
    shortened = _shorten_sources(meta) + _shorten_config(copy / "config.cfg")
    shortened += sum(_shorten_encoder(path) for path in sorted(copy.glob("*/model")))
    _replace(copy / "meta.json", json.dumps(meta, ensure_ascii=False, indent=2) + "\n")
    card = copy / README
    if card.is_file():
        _replace(card, without_front_matter(card.read_text(encoding="utf8")))
    if not (copy / SOURCES).is_file():
        _replace(copy / SOURCES, licences_text(meta))
    own = model / CALIBRATION
    content, words = belonging(own if own.is_file() else calibration, model)
    (copy / CALIBRATION).unlink(missing_ok=True)
    if content is not None:
        # Where the model stood is nobody's business; which it is, its md5 says.
        content["model"] = f"{meta['lang']}_{name}-{version}"
        write_json(copy / CALIBRATION, content)
    write_json(folder / "meta.json", meta)
    return Prepared(copy, folder / "meta.json", words, content is not None, shortened)


def belonging(calibration: Path, model: Path) -> tuple[dict[str, Any] | None, str]:
    """A calibration, if it was made for a model, and in words what was found.

    Args:
        calibration: What ``calibrate`` wrote; it need not exist.
        model: The trained pipeline.

    Raises:
        UserError: The file is not what ``calibrate`` writes.
    """
    if not calibration.is_file():
        return None, f"there is no {calibration}"
    content, belongs = read_calibration(calibration, model)
    if not belongs:
        return None, f"{calibration} was made for another model"
    return content, f"{calibration} is in the package"


def licences_text(meta: dict[str, Any]) -> str:
    """What LICENSES_SOURCES says: the licence of the weights and of what they were made from."""
    lines = [f"The weights of this pipeline: {meta.get('license') or UNKNOWN}"]
    for source in meta.get("sources") or []:
        url = f" ({source['url']})" if source.get("url") else ""
        lines.append(f"Made from {source['name']}{url}: {source.get('license') or UNKNOWN}")
    return "\n".join(lines) + "\n"


def _shorten_config(path: Path) -> int:
    config, shortened = portable_config(path.read_text(encoding="utf8"))
    if shortened:
        _replace(path, config)
    return shortened


def _shorten_sources(meta: dict[str, Any]) -> int:
    """Cuts the names of encoders that stood in a directory; without ``card`` they are paths."""
    shortened = 0
    for source in meta.get("sources") or []:
        if _LOCAL.match(source["name"]):
            source["name"] = _last_part(source["name"])
            shortened += 1
    return shortened


def _shorten_encoder(path: Path) -> int:
    """Cuts ``_name_or_path`` in the config of an encoder that spacy-transformers saved.

    It stands in a msgpack in a msgpack (``HFShim.to_bytes``). Nothing reads it at load.
    """
    data = path.read_bytes()
    if b"_name_or_path" not in data:
        return 0
    content = srsly.msgpack_loads(data)
    shortened = 0
    for shims in content["shims"]:
        for i, packed in enumerate(shims):
            shim = srsly.msgpack_loads(packed) if packed else {}
            config = shim.get("config") if isinstance(shim, dict) else None
            if config and _LOCAL.match(config.get("_name_or_path") or ""):
                config["_name_or_path"] = _last_part(config["_name_or_path"])
                shims[i] = srsly.msgpack_dumps(shim)
                shortened += 1
    if shortened:
        path.unlink()
        path.write_bytes(srsly.msgpack_dumps(content))
    return shortened


def _last_part(path: str) -> str:
    return re.split(r"[/\\]+", path.rstrip("/\\"))[-1]


def _replace(path: Path, text: str) -> None:
    """Writes a file anew: in place, the pipeline's own, which may be the same, would change."""
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf8", newline="\n")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
