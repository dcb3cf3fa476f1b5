"""What a model file may not be, whatever it computes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from throng.data.errors import ModelError

LARGEST_BYTES = 1 << 30
LONGEST_MESSAGE = 800


def check_file(path: Path) -> None:
    """Make sure that a file is there, of a bearable size, and keeps all of its weights in itself.

    A file that asks for weights in other files could make the reader open any file of this machine.

    Raises
    ------
    ModelError
        It is not so.
    """
    try:
        size = path.stat().st_size if path.is_file() else None
        content = path.read_bytes() if size is not None and size <= LARGEST_BYTES else b""
    except OSError as error:
        raise ModelError(f"the model file {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if size is None:
        raise ModelError(f"there is no model file {path}: give the path of an .onnx file or a name from `throng models list`")
    if size > LARGEST_BYTES:
        raise ModelError(f"{path.name} is larger than a gigabyte: such models are too slow to count people with")
    if not size:
        raise ModelError(f"{path.name} is not an ONNX model that can be run: it is empty")
    # Every reference to another file has the key "location".
    if b"location" in content and _refers(content):
        raise ModelError(f"{path.name} keeps its weights in another file: export it as one file")


def one_line(text: str) -> str:
    """A message without line breaks and other unprintable characters, and not longer than anybody reads."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * LONGEST_MESSAGE])
    return plain if len(plain) <= LONGEST_MESSAGE else f"{plain[:LONGEST_MESSAGE]}..."


@contextmanager
def as_model_errors(what: str) -> Iterator[None]:
    """Say plainly what the libraries raise for broken models, and shortly what they say, with the model's own names in it."""
    try:
        yield
    except ModelError as error:
        raise ModelError(one_line(str(error))) from None
    except UnicodeError:
        raise ModelError(f"{what} is not an ONNX model that can be run: names in it are not UTF-8") from None
    except MemoryError:
        raise ModelError(f"{what} asks for more memory than there is") from None


def _refers(content: bytes) -> bool:
    import onnx  # noqa: PLC0415  (loaded only where a file has to be read closely)
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError:
        return False
    return _any_external(model)


def _any_external(message: object) -> bool:
    """Whether any tensor anywhere inside a message lies in another file."""
    from onnx import TensorProto  # noqa: PLC0415

    if isinstance(message, TensorProto):
        return bool(message.external_data) or message.data_location == TensorProto.EXTERNAL
    fields = message.ListFields() if hasattr(message, "ListFields") else []
    for field, value in fields:
        if field.message_type is None:
            continue
        parts = value if hasattr(value, "__len__") and not hasattr(value, "ListFields") else [value]
        if any(_any_external(part) for part in parts):
            return True
    return False
