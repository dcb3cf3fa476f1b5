"""What the heads and feet of walkers tell of how a camera stands: evidence for a `View`."""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.data.errors import CalibrationError
from throng.data.secrecy import MemoryOnly, frozen_array
from throng.ground.people_body import body_boxes, bottom_middles, stand
from throng.ground.view import View

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

MEAN_HEIGHT_M = 1.70
"""Of adults, shoes included."""
MEAN_HEIGHT_ERROR_M = 0.03
PERSON_HEIGHT_ERROR = 0.05
"""Standard deviation of the heights of adults, as a share (8 to 9 cm)."""
PERSON_WIDTH_ERROR, WIDTH_ERROR = 0.12, 0.10
"""Of how broad a box one person's clothes, bags and gait make, and of the mean over all, as shares."""
TALL_BY_STEEPNESS, WIDE_BY_STEEPNESS, WIDE_BY_HEADING = 0.03, 0.15, 0.08
"""By how much bodies may differ from the one that boxes are predicted from, as shares: seen from straight above instead of from
the side, and walking along the line of sight instead of as much across it."""
BOX_ERROR = 0.012
"""Standard error of how tall a detector's boxes are over the bodies in them, the same for all, as a share."""
WIDE_BY_SIZE = 0.10
"""By how much a detector's boxes may grow wider beside the body as it looks larger, as a share for each factor e."""
MARGIN = 0.5e-3
"""Standard error of the margin that a detector leaves or takes on each side of everybody, in widths of the picture."""
LEAST_TALL_ERROR, LEAST_WIDE_ERROR, LEAST_PATH_ERROR = 0.02, 0.70, 0.08
"""Of one box's height and width, as shares, and of the feet about a steady walk, in heights of the box.

Widths differ from what a body lets expect by a few per cent from place to place, which would look like another focal length:
they are all but ignored.
"""
FEWEST_BOXES, MOST_BOXES = 4, 16
"""Of one person: fewer say nothing of a walk, more say no more."""
CORRELATED = 1.2
"""By how much the errors of boxes are larger than they look, because those that follow each other err alike."""
_STEP = 0.03
_NEAR_M = 0.01
_FAR = 30.0
"""The residual of what the view cannot show at all."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Walkers(MemoryOnly):
    """Boxes of people who walked through the view, and how sure each is; an `Evidence`.

    Three things are told of a view. As tall as somebody looks in one place, so tall, in metres, in every other: the heights are
    random effects, the same for all boxes of a person and drawn about a mean that is itself uncertain. As wide likewise. And
    who walks, walks straight on at a steady pace for some seconds.

    Attributes
    ----------
    boxes_px : (n, 4) float64
        Left, top, right, bottom, image pixels; person after person, each in order of time.
    feet_px : (n, 2) float64
        The middles of the lower edges, smoothed along the walk: what a box errs by must not move the place where its height is
        expected (Fuller 1987, "Measurement error models").
    times_s : (n,) float64
    starts : (p + 1,) int64
        Person i has the boxes starts[i] to starts[i + 1] - 1.
    width_px, height_px : int
        Size of the picture.
    tall_error, wide_error : float
        Standard errors of one box's height and width, as shares.
    path_errors : (p,) float64
        Of the feet about a steady walk, in heights of the box.
    mean_height_m, mean_height_error_m : float
        Of the people.
    """

    boxes_px: Floats
    feet_px: Floats
    times_s: Floats
    starts: NDArray[np.int64]
    width_px: int
    height_px: int
    tall_error: float
    wide_error: float
    path_errors: Floats
    mean_height_m: float = MEAN_HEIGHT_M
    mean_height_error_m: float = MEAN_HEIGHT_ERROR_M

    def __post_init__(self) -> None:
        n, p = len(self.times_s), len(self.starts) - 1
        for name, shape in (("boxes_px", (n, 4)), ("feet_px", (n, 2)), ("times_s", (n,)), ("path_errors", (p,))):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64, shape=shape, name=name))
        object.__setattr__(self, "starts", frozen_array(self.starts, np.int64, shape=(p + 1,), name="starts"))
        if not (1.0 <= self.mean_height_m <= 2.2 and 0.0 < self.mean_height_error_m <= 0.3):
            raise CalibrationError(
                f"the people's mean height must lie between 1.0 and 2.2 m and its error between 0 and 0.3 m, not "
                f"{self.mean_height_m} +- {self.mean_height_error_m}"
            )

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def person(self) -> Ints:
        """Whose box each is, (n,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def only(self, boxes: Mask) -> Self:
        """The boxes of a mask (n,), of people of whom enough are left."""
        person = self.person
        left = np.bincount(person[boxes], minlength=len(self))
        people = left >= FEWEST_BOXES
        kept = boxes & people[person]
        return replace(
            self,
            boxes_px=self.boxes_px[kept],
            feet_px=self.feet_px[kept],
            times_s=self.times_s[kept],
            starts=np.concatenate([[0], np.cumsum(left[people])]),
            path_errors=self.path_errors[people],
        )

    def misses(self, view: View) -> "Misses":
        """How far each box is from a person of mean height who walks steadily, as the view shows one."""
        person, starts = self.person, self.starts
        ends = starts[person], starts[person + 1] - 1
        feet_m, heading = stand(view, self.feet_px, ends, self.mean_height_m)
        shown = _sides(body_boxes(view, feet_m, heading, self.mean_height_m))
        taller = _sides(body_boxes(view, feet_m, heading, (1 + _STEP) * self.mean_height_m))
        with np.errstate(invalid="ignore", divide="ignore"):
            wide, tall = np.log(_sides(self.boxes_px) / shown).T
            slope = np.log(taller[:, 1] / shown[:, 1]) / np.log1p(_STEP)
        away = np.hypot(*(feet_m - [view.x_m, view.y_m]).T)
        turn = heading - np.arctan2(feet_m[:, 1] - view.y_m, feet_m[:, 0] - view.x_m)
        return Misses(
            _bounded(tall, 2.0),
            np.where(np.isfinite(slope), slope, 1.0),
            _bounded(wide, 2.0),
            _bounded(self._strays(view, feet_m), 2.0),
            _bounded(view.height_m**2 / (view.height_m**2 + away**2), 1.0),
            _bounded(np.cos(2 * turn), 1.0),
        )

    def residuals(self, view: View) -> Floats:
        """See `throng.ground.evidence.Evidence`: (4 n,), made independent of each other and of unit variance.

        What boxes err by together (a person's height, the mean height, the detector's margins) is marginalised: with covariance
        I + s^2 d d', the vector z - (1 - 1 / sqrt(1 + s^2 d'd)) (d'z) / (d'd) d is white.
        """
        misses = self.misses(view)
        # Over the sides expected, not those observed: the errors of those would look like a margin.
        shown = _sides(self.boxes_px) * np.exp(-np.column_stack([misses.wide, misses.tall]))
        margin = 2 * MARGIN * self.width_px / shown
        mean = np.hypot(self.mean_height_error_m / self.mean_height_m, BOX_ERROR) * misses.slope
        tall = _deflated(
            [
                self._white(each / self.tall_error, misses.slope / self.tall_error, PERSON_HEIGHT_ERROR)
                for each in (misses.tall, mean, margin[:, 1], TALL_BY_STEEPNESS * misses.steepness)
            ]
        )
        one = np.ones(len(margin))
        wide = _deflated(
            [
                self._white(each / self.wide_error, one / self.wide_error, PERSON_WIDTH_ERROR)
                for each in (
                    misses.wide,
                    WIDTH_ERROR * one,
                    margin[:, 0],
                    WIDE_BY_SIZE * np.log(shown[:, 1] / self.width_px),
                    WIDE_BY_STEEPNESS * misses.steepness,
                    WIDE_BY_HEADING * misses.heading,
                )
            ]
        )
        path = misses.path / self.path_errors[self.person][:, None]
        return _bounded(np.concatenate([tall, wide, path.ravel()]), _FAR)

    def person_misses(self, misses: "Misses") -> tuple[Floats, Floats]:
        """Each person's height over the mean, its logarithm (p,), and how far the feet were from a steady walk (p,)."""
        weight = self._sums(misses.slope**2)
        return self._sums(misses.slope * misses.tall) / weight, np.sqrt(
            self._sums((misses.path**2).sum(axis=1)) / np.maximum(2 * np.diff(self.starts) - 4, 1)
        )

    def errors_left(self, misses: "Misses") -> tuple[float, float]:
        """Standard errors of one box's height and width about those of its person, by the median: some are cut short."""
        ratio = 1.48 * np.sqrt(len(self.times_s) / max(len(self.times_s) - len(self), 1))
        tall = misses.tall - misses.slope * self.person_misses(misses)[0][self.person]
        wide = misses.wide - (self._sums(misses.wide) / np.diff(self.starts))[self.person]
        return float(ratio * np.median(np.abs(tall))), float(ratio * np.median(np.abs(wide)))

    def _strays(self, view: View, feet_m: Floats) -> Floats:
        """How far (n, 2) the feet are in the picture from the steady walk that is nearest there, in heights of the box.

        The walk's place and pace are fitted on the ground first and then, with the derivative of the projection, in the
        picture: the residuals of any other fit would depend on the view through the noise alone, and lead it astray.
        """
        tall, person = _sides(self.boxes_px)[:, 1:], self.person
        late = self.times_s - (self._sums(self.times_s) / np.diff(self.starts))[person]
        slopes = np.column_stack([np.ones(len(late)), late])
        walk = self._fitted(slopes[:, None, :] * tall[:, None], feet_m[:, None, :] * tall[:, None])
        steady = np.einsum("nk,nkd->nd", slopes, walk[person])
        seen, _ = view.to_image(feet_m)
        shown, _ = view.to_image(steady)
        ways = np.stack([(view.to_image(steady + step)[0] - shown) / _NEAR_M for step in _NEAR_M * np.eye(2)], axis=-1)
        basis = (ways[:, :, :, None] * slopes[:, None, None, :]).reshape(-1, 2, 4) / tall[:, None]
        off = (seen + bottom_middles(self.boxes_px) - self.feet_px - shown) / tall
        known: Mask = np.asarray(np.isfinite(np.column_stack([basis.reshape(-1, 8), off])).all(axis=1))
        basis, off = np.where(known[:, None, None], basis, 0.0), np.where(known[:, None], off, 2.0)
        strays: Floats = off - np.einsum("nik,nk->ni", basis, self._fitted(basis, off[:, :, None])[person, :, 0])
        return strays

    def _fitted(self, basis: Floats, values: Floats) -> Floats:
        """Least squares for each person (p, k, d) of values (n, m, d) on a basis (n, m, k)."""
        squares = self._sums(np.einsum("nmk,nml->nkl", basis, basis))
        products = self._sums(np.einsum("nmk,nmd->nkd", basis, np.nan_to_num(values)))
        return np.linalg.pinv(squares, rcond=1e-12, hermitian=True) @ products

    def _sums(self, values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, self.starts[:-1], axis=0))

    def _white(self, values: Floats, direction: Floats, error: float) -> Floats:
        length = self._sums(direction**2)
        share = (1 - 1 / np.sqrt(1 + error**2 * length)) / length * self._sums(direction * values)
        return values - share[self.person] * direction


@dataclass(frozen=True, slots=True, eq=False)
class Misses:
    """How far boxes are from what a view lets expect.

    Attributes
    ----------
    tall, wide : (n,) float64
        Logarithms of height and width over what is expected.
    slope : (n,) float64
        How the logarithm of the expected height grows with that of the person's.
    path : (n, 2) float64
        From the steady walk to the feet, in heights of the box.
    steepness : (n,) float64
        Square of the sine of the angle by which the camera looks down on the feet.
    heading : (n,) float64
        Cosine of twice the angle between the walk and the line of sight: 1 along it, -1 across.
    """

    tall: Floats
    slope: Floats
    wide: Floats
    path: Floats
    steepness: Floats
    heading: Floats


def walkers_of(
    ids: ArrayLike,
    times_s: ArrayLike,
    boxes_px: ArrayLike,
    *,
    width_px: int,
    height_px: int,
    mean_height_m: float = MEAN_HEIGHT_M,
    mean_height_error_m: float = MEAN_HEIGHT_ERROR_M,
) -> Walkers:
    """Evidence of boxes of tracks: whole boxes of people who walk, thinned, without those that stand out of a person's own.

    Parameters
    ----------
    ids : (n,) array-like
        One number for each person.
    times_s : (n,) array-like
        When each box was seen.
    boxes_px : (n, 4) array-like
        Left, top, right, bottom; leave out those that other people overlap.
    width_px, height_px : int
        Size of the picture.
    mean_height_m, mean_height_error_m : float
        Of the people, with shoes.
    """
    who, times, boxes = (
        np.asarray(ids),
        np.asarray(times_s, dtype=np.float64),
        np.asarray(boxes_px, dtype=np.float64).reshape(-1, 4),
    )
    order = np.lexsort((times, who))
    order = order[plausible(boxes[order], width_px, height_px)]
    people = [group for group in np.split(order, np.flatnonzero(np.diff(who[order])) + 1) if len(group)]
    kept, feet, errors = [], [], []
    for group in people:
        walk = _walk_of(times[group], boxes[group])
        if walk is not None:
            kept.append(group[walk.chosen])
            feet.append(walk.feet_px)
            errors.append((walk.tall_error, walk.wide_error))
    rows = np.concatenate(kept) if kept else np.empty(0, dtype=int)
    tall, wide = np.sqrt(np.median(np.square(errors), axis=0)) if errors else (0.0, 0.0)
    return Walkers(
        boxes[rows],
        np.concatenate(feet) if feet else np.empty((0, 2)),
        times[rows],
        np.concatenate([[0], np.cumsum([len(group) for group in kept], dtype=int)]),
        width_px,
        height_px,
        max(CORRELATED * float(tall), LEAST_TALL_ERROR),
        max(CORRELATED * float(wide), LEAST_WIDE_ERROR),
        np.full(len(kept), LEAST_PATH_ERROR),
        mean_height_m,
        mean_height_error_m,
    )


def plausible(boxes_px: Floats, width_px: int, height_px: int) -> Mask:
    """Which boxes (n, 4) show a person whole: off the border, of a person's shape, and not too small to be measured."""
    edge = 2e-3 * width_px
    wide, tall = _sides(boxes_px).T
    inside: Mask = (
        (boxes_px[:, :2] > edge).all(axis=1) & (boxes_px[:, 2] < width_px - edge) & (boxes_px[:, 3] < height_px - edge)
    )
    whole: Mask = inside & (tall > 0.018 * width_px) & (tall > 0.8 * wide) & (tall < 6.0 * wide)
    return whole


class _Walk(NamedTuple):
    chosen: Ints
    feet_px: Floats
    tall_error: float
    wide_error: float


def _walk_of(times_s: Floats, boxes_px: Floats) -> _Walk | None:
    """One person's boxes that follow their own slow course, thinned, and the errors of height and width about it.

    While somebody walks past something that hides the feet, or is found in part, the box is shorter for a moment: such boxes
    stand out of a parabola through the logarithms of height times depth, fitted with Cauchy's weights. Who stands or wanders
    about tells of one place only and is left out.
    """
    n = len(times_s)
    if n < FEWEST_BOXES + 2 or np.ptp(times_s) <= 0:
        return None
    late = 2 * (times_s - times_s.mean()) / np.ptp(times_s)
    basis = np.vander(late, min(2, n // 4) + 1)
    feet = bottom_middles(boxes_px)
    weight, smooth, course, scale = np.ones(n), feet, np.zeros((n, 2)), 0.0
    for _ in range(6):
        smooth, depth = _projected_walk(late, feet, basis, weight)
        if depth.min() <= 0.05:
            return None
        values = np.log(_sides(boxes_px) * depth[:, None])
        root = np.sqrt(weight)[:, None]
        course = values - basis @ np.linalg.lstsq(root * basis, root * values)[0]
        scale = max(1.48 * float(np.median(np.abs(course[:, 1]))), 0.01)
        weight = 1 / (1 + (course[:, 1] / (2 * scale)) ** 2)
    wide, tall = np.exp(np.median(np.log(_sides(boxes_px)), axis=0))
    fits = np.flatnonzero(np.abs(course[:, 1]) < max(3 * scale, 0.06))
    strays = np.sqrt(np.mean((feet - smooth)[fits] ** 2)) / tall
    if len(fits) < max(FEWEST_BOXES, n // 2) or np.hypot(*np.ptp(smooth[fits], axis=0)) < wide or strays > 0.2:
        return None
    errors = np.sqrt(np.sum(course[fits] ** 2, axis=0) / max(len(fits) - basis.shape[1], 1))
    chosen = fits[np.unique(np.linspace(0, len(fits) - 1, MOST_BOXES).round().astype(int))]
    return _Walk(chosen, smooth[chosen], float(errors[1]), float(errors[0]))


def _projected_walk(late: Floats, feet_px: Floats, basis: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The course (n, 2) of feet, and their relative depth (n,), as a steady walk is seen: p(t) / (1 + c t), whatever the view.

    The linear equations p(t) - c t x = x are solved anew with the depth found before (Sanathanan and Koerner 1963).
    """
    none, depth, top = np.zeros_like(basis), np.ones(len(late)), np.zeros((len(late), 2))
    middle = feet_px.mean(axis=0)
    x, y = (feet_px - middle).T
    for _ in range(3):
        rows = np.vstack([np.column_stack([basis, none, -late * x]), np.column_stack([none, basis, -late * y])])
        root = np.tile(np.sqrt(weight) / depth, 2)
        found = np.linalg.lstsq(root[:, None] * rows, root * np.concatenate([x, y]))[0]
        depth = np.maximum(1 + found[-1] * late, 0.02)
        top = (rows[:, :-1] @ found[:-1]).reshape(2, -1).T
    return middle + top / depth[:, None], depth


def _sides(boxes_px: Floats) -> Floats:
    return boxes_px[:, 2:] - boxes_px[:, :2]


def _deflated(vectors: list[Floats]) -> Floats:
    """The first, whitened of the others, one after another."""
    values, *rest = vectors
    while rest:
        direction, *rest = rest
        values, *rest = (_white(each, direction) for each in (values, *rest))
    return values


def _white(values: Floats, direction: Floats) -> Floats:
    length = float(direction @ direction)
    return np.asarray(values - (1 - 1 / np.sqrt(1 + length)) / max(length, 1e-12) * (direction @ values) * direction)


def _bounded(values: Floats, most: float) -> Floats:
    return np.asarray(np.clip(np.nan_to_num(values, nan=most), -most, most))
