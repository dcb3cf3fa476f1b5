"""The camera that is calibrated, found by its address or in a site file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from throng.capture.address import UNNAMED
from throng.cli.calibrate.parse import parse_size
from throng.cli.camera_of import camera_of
from throng.data.errors import GeometryError, SiteError, SourceError
from throng.data.place import Line, Zone

if TYPE_CHECKING:
    from pydantic import SecretStr

    from throng.capture.source import Source
    from throng.site.calibration import CalibrationTable


@dataclass(frozen=True, slots=True)
class Place:
    """The camera that is calibrated: where its pictures come from, and what is drawn in them.

    `address` is empty where nobody named one. It and the credentials appear in no repr, log or error.
    """

    name: str
    address: str
    detector: str
    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    table: "CalibrationTable | None" = None
    user: "SecretStr | None" = None
    password: "SecretStr | None" = None

    def __repr__(self) -> str:
        return f"Place({self.name!r})"

    @property
    def shown(self) -> str:
        """How sentences name it."""
        return UNNAMED if self.name == UNNAMED else f'camera "{self.name}"'

    def open(self, *, live: bool = False, max_rate_hz: float | None = None) -> "Source":
        """The camera's pictures.

        Raises
        ------
        SourceError
            They cannot be had.
        """
        from throng.capture.source import open_source

        return open_source(
            self.address,
            camera=self.name,
            live=live,
            max_rate_hz=max_rate_hz,
            threads=0,
            user=self.user.get_secret_value() if self.user else None,
            password=self.password.get_secret_value() if self.password else None,
        )


def find_place(source: str | None, site: Path | None, camera: str | None) -> Place:
    """The camera.

    Raises
    ------
    SiteError
        The site file is wrong, or has no such camera.
    """
    if site is None:
        if camera is not None:
            raise SiteError("--camera names a camera of a site file: give --site too")
        return Place("the picture" if source is None else UNNAMED, source or "", "auto")
    from throng.site.credentials import credentials
    from throng.site.read import read_site

    described = read_site(site)
    one = camera_of(described, site, camera)
    # The camera's login is for the camera alone, not for another address that somebody typed.
    user, password = (None, None) if source else credentials(one, described)
    return Place(
        name=one.name,
        address=source or described.address(one),
        detector=described.detector(one),
        lines=one.lines(),
        zones=one.zones(),
        table=one.calibration,
        user=user,
        password=password,
    )


def picture_size(place: Place, size: str | None, *, opened: bool) -> tuple[int, int]:
    """The picture's size: as it is said, as the camera sends it, or as the site file remembers it."""
    if size is not None:
        return parse_size(size)
    table = place.table
    if not opened and table is not None and table.width_px and table.height_px:
        return table.width_px, table.height_px
    if not place.address:
        raise GeometryError('the size of the picture is unknown: name the footage or the camera, or give --size "1920x1080"')
    with place.open() as source:
        info = source.info
    if info is None:
        raise SourceError(f'{place.shown} does not say how large its pictures are: give --size "1920x1080"')
    return info.width_px, info.height_px
