"""What the hub's own machine measures: the cameras of its site file, and those of the registry that no sensor watches."""

from collections.abc import Callable

from throng.cli.remote import kept_to_streams
from throng.cli.workers import Workers
from throng.data.errors import DeliveryError, SealError
from throng.hub.plates import Plates
from throng.hub.registry.registry import Registry
from throng.site.model import Camera, Site


def own_site(site: Site, registry: Registry, *, tell: Callable[[str], None]) -> tuple[Site, dict[str, str]]:
    """The site with those cameras, and the passwords of the registered ones by the names in their tables.

    A registered camera names a stream or a device, as for a sensor elsewhere: whoever may register one does not thereby read
    the files of this machine. One that names anything else is told of, and left out.
    """
    passwords: dict[str, str] = {}
    folder = {"folder": site.data_folder.absolute()}
    cameras = list(site.camera)
    try:
        tables = registry.work_of("")
    except SealError as error:
        tell(f"no camera of the registry is started here: {error}")
        tables = []
    for table in tables:
        try:
            cameras.append(Camera.model_validate(kept_to_streams(table, passwords), context=folder))
        except DeliveryError as error:
            tell(str(error))
    return site.model_copy(update={"camera": tuple(cameras)}), passwords


def keep_at_work(workers: Workers, site: Site, registry: Registry, plates: Plates, *, tell: Callable[[str], None]) -> None:
    """Give the workers of this machine their cameras and whose plates are asked for, now and whenever either changes."""

    def give() -> None:
        cameras, passwords = own_site(site, registry, tell=tell)
        # The cameras first: whoever still watches a former address must never hear of a request that is made of the new one.
        workers.set_site(cameras, passwords=passwords)
        workers.set_plates(plates.asked_of(""))

    plates.on_change(give)  # they are told of every change of a camera, too
    give()
