"""One camera of a site file, by the name that a person gave."""

from pathlib import Path
from typing import TYPE_CHECKING

from throng.data.errors import SiteError

if TYPE_CHECKING:
    from throng.site.model import Camera, Site


def camera_of(described: "Site", site: Path, name: str | None) -> "Camera":
    """The camera.

    Parameters
    ----------
    described : Site
        As its file has it.
    site : Path
        That file.
    name : str or None
        None where nobody gave one.

    Raises
    ------
    SiteError
        No name was given, or the site has no such camera.
    """
    for camera in described.camera:
        if camera.name == name:
            return camera
    names = ", ".join(f'"{camera.name}"' for camera in described.camera)
    told = f"which camera of {site} is not said" if name is None else f'{site} has no camera "{name}"'
    remedy = f"give --camera one of {names}" if names else "add a [[camera]] table to it first"
    raise SiteError(f"{told}: {remedy}")
