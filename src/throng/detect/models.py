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

import numpy as np

from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect import density
from throng.detect.onnx import OnnxDetector
from throng.detect.onnx_file import LARGEST_BYTES, as_model_errors, check_file
from throng.detect.onnx_runtime import OnnxRuntime

_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = 20.0
_USUAL_PX = (640, 480)
"""Width and height of the picture that a model is tried on which takes any."""
_TAKEN = ("auto", "foreground")
"""What `--detector` takes that is no model."""


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

    @property
    def counts_crowds(self) -> bool:
        """Whether it tells how many people are where, and finds nobody apart."""
        return self.family in density.FAMILIES


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


def add(path: Path, *, name: str | None = None, replace: bool = False) -> InstalledModel:
    """Install a model file, a detector or a crowd counter, under its name, after it has answered a blank picture.

    Parameters
    ----------
    path : Path
        An ONNX file.
    name : str, optional
        In place of the file's.
    replace : bool
        Whether another model of that name is given up for this one.

    Raises
    ------
    ModelError
        The file is missing, no ONNX model, of no known family or fails; its name is taken; or the folder cannot be written.
    """
    check_file(path)
    family = _tried(path)
    folder = models_folder()
    target = folder / f"{name or path.stem}.onnx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            copy = Path(scratch) / target.name
            shutil.copyfile(path, copy)
            model = InstalledModel(target.stem, family, _sha256(copy), target)
            _check_free(model.name, model.sha256, replace=replace)
            copy.replace(target)
        note = {key: value for key, value in asdict(model).items() if key != "path"}
        target.with_suffix(".json").write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"the model cannot be put into {folder}: {(error.strerror or str(error)).lower()}") from None
    return model


def remove(name: str) -> None:
    """Delete an installed model, one with a damaged note too.

    Raises
    ------
    ModelError
        No such model is installed, or its files cannot be deleted.
    """
    folder = models_folder()
    # Compared with what lies there: a name typed by hand may hold a path.
    names = sorted(note.stem for note in folder.glob("*.json"))
    if name not in names:
        raise ModelError(f'there is no model "{name}" to remove: installed are {", ".join(names) or "none"}')
    try:
        (folder / f"{name}.json").unlink()
        (folder / f"{name}.onnx").unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(f"{name} cannot be removed from {folder}: {(error.strerror or str(error)).lower()}") from None


def pull(
    name: str,
    *,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    catalogue: Mapping[str, PublishedModel] = CATALOGUE,
    replace: bool = False,
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
    replace : bool
        As `add` has it.

    Raises
    ------
    ModelError
        No such name, it is taken by another model, the page does not answer, or the file is not the one expected.
    """
    published = catalogue.get(name)
    if published is None:
        raise ModelError(f'there is no model "{name}" to pull: known are {", ".join(sorted(catalogue))}')
    _check_free(name, published.sha256, replace=replace)
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
        return add(path, name=name, replace=replace)


def _tried(path: Path) -> str:
    """The family of a model, once it has answered a blank picture of the size that it declares."""
    with as_model_errors(path.name):
        engine = OnnxRuntime(path)
    counter = density.recognise(engine.signature)
    if counter is not None:
        look: Callable[[Frame], object] = density.OnnxCounter(engine, name=path.stem).count
        family, (width, height) = counter.name, counter.size_px or _USUAL_PX
    else:
        # On the processor, whoever will run it: some libraries of cards take minutes to open a model.
        detector = OnnxDetector(lambda any_size: OnnxRuntime(path, any_size=True) if any_size else engine, name=path.stem)
        look = detector.detect
        family, (width, height) = detector.family.name, detector.family.size_px
    try:
        look(Frame(np.zeros((height, width, 3), np.uint8), 0.0, 0, "blank"))
    except ModelError:
        raise ModelError(
            f"{path.name} was not added: on a blank picture of {width}x{height} pixels, its own size, it fails or does not "
            f"answer as its family ({family}) does; export it anew"
        ) from None
    return family


def _check_free(name: str, sha256: str, *, replace: bool) -> None:
    """Make sure that a name stands for no model but this one."""
    if name in _TAKEN:
        raise ModelError(f'a model cannot be called "{name}", which --detector takes for something else: rename the file')
    note = models_folder() / f"{name}.json"
    if not replace and note.exists() and _noted(note).sha256 != sha256:
        raise ModelError(f'another model is installed as "{name}": give --replace to give it up, or rename the file')


def _noted(note: Path) -> InstalledModel:
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
        return InstalledModel(content["name"], content["family"], content["sha256"], note.with_suffix(".onnx"))
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            f"the note {note} cannot be read: delete it with `throng models remove {note.stem}` and add the model again"
        ) from None


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
