"""What a key of the site file takes, in words, read off the types: for error messages and for the reference."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The keys of a table, as written in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def table_of(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The table that a key holds, if it holds one, and whether it holds several."""
    return _table(field.annotation)


def _table(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    plain = _plain(annotation)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return plain, False
    if get_origin(plain) is tuple and get_args(plain)[-1] is Ellipsis:
        inner, _ = _table(get_args(plain)[0])
        return inner, inner is not None
    return None, False


def is_points(field: FieldInfo) -> bool:
    """Whether the key holds a list of points."""
    plain = _plain(field.annotation)
    return get_origin(plain) is tuple and get_args(plain)[-1] is Ellipsis and table_of(field)[0] is None


def choices(field: FieldInfo) -> tuple[str, ...]:
    """The values of a key that takes one of a few."""
    plain = _plain(field.annotation)
    return get_args(plain) if get_origin(plain) is Literal else ()


def extra(field: FieldInfo, name: str) -> Any:
    """Something said of a key beside its type: its "unit", a "rule", or whether it is "secret"."""
    return field.json_schema_extra.get(name, "") if isinstance(field.json_schema_extra, dict) else ""


def unit(field: FieldInfo) -> str:
    """The unit of a key, or an empty text."""
    return str(extra(field, "unit"))


def expected(key: str, field: FieldInfo) -> str:
    """What a key takes: "a whole number from 1 to 3600 that divides a day evenly (seconds)"."""
    table, several = table_of(field)
    if table is not None:
        return f"[[{key}]] tables" if several else f"a [{key}] table"
    if is_points(field):
        return f"{_size(field.metadata, 'points')} {point(field)}"
    if get_origin(_plain(field.annotation)) is tuple:
        return f"a point {point(field)}"
    words = [_kind(field), _range(field.metadata), str(extra(field, "rule")), f"({unit(field)})" if unit(field) else ""]
    return " ".join(word for word in words if word)


def point(field: FieldInfo) -> str:
    """What the points of a key are: "[x, y] with numbers from -1e5 to 1e5 (pixels)"."""
    pair = _plain(field.annotation)
    if is_points(field):
        pair = _plain(get_args(pair)[0])
    ranges = [_range([bound for part in get_args(axis)[1:] for bound in part.metadata]) for axis in get_args(pair)]
    return f"{extra(field, 'axes') or '[x, y]'} with numbers {' and '.join(dict.fromkeys(ranges))} ({unit(field)})"


def _plain(annotation: Any) -> Any:
    """Without `Annotated` and `None`."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _plain(next(part for part in get_args(annotation) if part is not types.NoneType))
    return annotation


def _kind(field: FieldInfo) -> str:
    if choices(field):
        return " or ".join(f'"{choice}"' for choice in choices(field))
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return kinds[_plain(field.annotation)]


def _bound(metadata: list[Any], name: str) -> Any:
    return next((getattr(bound, name) for bound in metadata if hasattr(bound, name)), None)


def _range(metadata: list[Any]) -> str:
    least, above = _bound(metadata, "ge"), _bound(metadata, "gt")
    most, longest = _bound(metadata, "le"), _bound(metadata, "max_length")
    if longest is not None:
        return f"of {_bound(metadata, 'min_length') or 1} to {longest} characters"
    if most is None:
        return ""
    return f"above {above:g} and at most {most:g}" if least is None else f"from {_number(least)} to {_number(most)}"


def _number(value: float) -> str:
    return f"{value:.12g}"


def _size(metadata: list[Any], what: str) -> str:
    return f"{_bound(metadata, 'min_length')} to {_bound(metadata, 'max_length')} {what}"
