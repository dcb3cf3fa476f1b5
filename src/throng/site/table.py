"""What all tables of the site file share."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, Strict

Extra = dict[str, JsonValue]

Name = Annotated[
    str,
    Field(max_length=64, pattern=r"^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]*[\p{L}\p{M}\p{N}._-])?$"),
    AfterValidator(lambda text: unicodedata.normalize("NFC", text)),
]
NAME_RULE: Extra = {"rule": "of letters, digits, spaces and . - _, that begins with a letter or digit"}
TICK_RULE: Extra = {"unit": "seconds", "rule": "that divides a day evenly"}
Pixels = Annotated[float, Field(ge=-1e5, le=1e5)]
# Lists of TOML become tuples; the numbers in them are as strict as all else.
PointPx = Annotated[tuple[Pixels, Pixels], Strict(False)]


class Table(BaseModel):
    """A table of the site file: nothing is converted, nothing unknown is let through, nothing changes afterwards."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)
