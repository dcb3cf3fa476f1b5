"""The detector models a person has installed: a folder of ONNX files, each with a note of its family and checksum."""

import hashlib
import json
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from throng.data.errors import ModelError
from throng.detect import density
from throng.detect.onnx import family_of
from throng.detect.onnx_file import LARGEST_BYTES, as_model_errors, check_file
from throng.detect.onnx_runtime import OnnxRuntime

_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model in the models folder.

    Attributes
    ----------
    name : str
        What `--detector` takes.
    family : str
        How its outputs are read: "yolox"; of models that count crowds and detect nobody: "density", "points".
    sha256 : str
    path : Path
    """

    name: str
    family: str
    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model that its authors publish: where, its checksum and licence."""

    url: str
    sha256: str
    licence: str


CATALOGUE: dict[str, PublishedModel] = {
    "yolox_nano": PublishedModel(
        "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
        "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
        "Apache-2.0",
    ),
}
"""What `pull` can fetch; a file whose checksum differs from the one measured here is refused."""


def models_folder() -> Path:
    """Where installed models lie: $THRONG_MODELS_FOLDER, else throng/models in the user's data folder (XDG)."""
    named = os.environ.get("THRONG_MODELS_FOLDER")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "throng" / "models"


def installed() -> list[InstalledModel]:
    """The installed models, the one added last first.

    Raises
    ------
    ModelError
        A note beside a model cannot be read.
    """
    notes = sorted(models_folder().glob("*.json"), key=lambda note: note.stat().st_mtime, reverse=True)
    return [_noted(note) for note in notes]


def add(path: Path, *, name: str | None = None) -> InstalledModel:
    """Install a model file, a detector or a crowd counter, under its name, after recognising its family.

    Raises
    ------
    ModelError
        The file is missing, no ONNX model or of no known family, or the folder cannot be written.
    """
    check_file(path)
    with as_model_errors(path.name):
        signature = OnnxRuntime(path).signature
    counter = density.recognise(signature)
    family = counter.name if counter else family_of(signature).name
    folder = models_folder()
    target = folder / f"{name or path.stem}.onnx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            copy = Path(scratch) / target.name
            shutil.copyfile(path, copy)
            model = InstalledModel(target.stem, family, _sha256(copy), target)
            copy.replace(target)
        note = {key: value for key, value in asdict(model).items() if key != "path"}
        target.with_suffix(".json").write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"the model cannot be put into {folder}: {(error.strerror or str(error)).lower()}") from None
    return model


def pull(
    name: str,
    *,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    catalogue: Mapping[str, PublishedModel] = CATALOGUE,
) -> InstalledModel:
    """Fetch a model from its authors' release page, check it and install it.

    Parameters
    ----------
    name : str
        A key of the catalogue.
    progress : callable
        Told (bytes so far, bytes in all or None).
    catalogue : mapping
        Names and what is published under them.

    Raises
    ------
    ModelError
        No such name, the page does not answer, or the file is not the one expected.
    """
    published = catalogue.get(name)
    if published is None:
        raise ModelError(f'there is no model "{name}" to pull: known are {", ".join(sorted(catalogue))}')
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"{name}.onnx"
        try:
            _download(published.url, path, progress)
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise ModelError(f"{name} could not be fetched from {published.url}: {reason}") from None
        found = _sha256(path)
        if found != published.sha256:
            raise ModelError(
                f"what {published.url} gave is not the expected file (SHA-256 {found[:16]}..., expected "
                f"{published.sha256[:16]}...), so it was thrown away; if you trust it, fetch it yourself and use "
                "`throng models add`"
            )
        return add(path, name=name)


def _noted(note: Path) -> InstalledModel:
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
        return InstalledModel(content["name"], content["family"], content["sha256"], note.with_suffix(".onnx"))
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(f"the note {note} cannot be read: remove it and add the model again") from None


def _download(url: str, path: Path, progress: Callable[[int, int | None], None]) -> None:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, path.open("wb") as file:
        length = answer.headers.get("Content-Length")
        total = int(length) if length and length.isdigit() else None
        done = 0
        while chunk := answer.read(_CHUNK_BYTES):
            done += len(chunk)
            if done > LARGEST_BYTES:
                raise OSError("more than a gigabyte came")
            file.write(chunk)
            progress(done, total)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
