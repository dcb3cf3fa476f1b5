"""The privacy budget of a site file."""

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from throng.data.place import Extras
from throng.site.rules import KeyPath, wrong
from throng.site.table import Table

MOST_SHARED = 0.9


class SharesTable(Table):
    """The parts of a camera's budget that go to what it measures beside its counts. With 0 a thing is not measured."""

    speed_now: float = Field(
        default=0.0,
        ge=0,
        le=MOST_SHARED,
        description="How fast the people in a zone walk now; absent at cameras without a calibration.",
    )
    dwell: float = Field(
        default=0.0, ge=0, le=MOST_SHARED, description="How long visits to a zone last: their median and 95th percentile."
    )
    heat: float = Field(default=0.0, ge=0, le=MOST_SHARED, description="Where in the picture people are, by the hour.")

    @model_validator(mode="after")
    def _leave_something(self) -> Self:
        together = self.speed_now + self.dwell + self.heat
        if together > MOST_SHARED + 1e-9:
            raise wrong(f"the shares add up to {together:g}: at most {MOST_SHARED:g}, as the counts need the rest", "speed_now")
        return self

    @property
    def extras(self) -> Extras:
        """What is measured beside the counts."""
        return Extras(speed_now=self.speed_now > 0, dwell=self.dwell > 0, heat=self.heat > 0)


class BudgetTable(Table):
    """The privacy budget of each camera: what a release may say about one passage. `throng privacy` shows its two sides."""

    rho_per_day: float = Field(
        default=0.2,
        ge=1e-4,
        le=10.0,
        description="Zero-concentrated differential privacy that one passage may cost, over all counters of a camera and a UTC "
        "day. Smaller protects more and makes the numbers noisier.",
    )
    passage_counters: int = Field(
        default=3,
        ge=1,
        le=64,
        description="How many counters one passage may change. A line crossing takes one, a zone visit two; what goes beyond "
        "is not counted.",
    )
    pieces: int = Field(
        default=1, ge=1, le=16, description="Into how many tracks one passage may break and still be protected in full."
    )
    pieces_measured: str = Field(
        default="",
        max_length=200,
        pattern=r"^[^\p{Cc}]*$",
        description="Where `pieces` was measured, for the ledger, as `throng track-eval` prints it; without it the ledger says "
        "that it was assumed.",
    )
    mechanism: Literal["buffered", "square-root", "tree", "pure-tree", "independent"] = Field(
        default="buffered",
        description="What makes the noise: docs/privacy/README.md compares them. pure-tree is for sites that need a delta of "
        "zero.",
    )
    epsilon_per_day: float = Field(
        default=1.0,
        ge=1e-2,
        le=20.0,
        description="With the mechanism pure-tree, in place of rho_per_day: differential privacy with a delta of zero.",
    )
    shares: SharesTable = Field(default=SharesTable(), description="What is measured beside the counts.")

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        for sentence, key in self._mistakes():
            raise wrong(sentence, *key)
        return self

    def _mistakes(self) -> Iterator[tuple[str, KeyPath]]:
        pure = self.mechanism == "pure-tree"
        if pure and "rho_per_day" in self.model_fields_set:
            yield "the mechanism pure-tree spends epsilon_per_day: remove rho_per_day", ("rho_per_day",)
        if not pure and "epsilon_per_day" in self.model_fields_set:
            yield (
                f'the mechanism {self.mechanism} spends rho_per_day: remove epsilon_per_day, or set mechanism = "pure-tree"',
                ("epsilon_per_day",),
            )

    def settings(self) -> dict[str, Any]:
        """The arguments of `throng.privacy.budget.Budget`; `shares` is a dict of those of its `Shares`."""
        settings = self.model_dump(exclude={"pieces_measured"})
        return settings | {"pieces_from": self.pieces_measured or "assumed"}
