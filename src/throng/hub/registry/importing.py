"""Importing a table of cameras: all of it or nothing."""

import unicodedata
from dataclasses import dataclass, replace

from throng.data.errors import HubError, SiteError
from throng.hub.registry.camera import Registered, Secrets
from throng.hub.registry.draft import checked
from throng.hub.registry.registry import MOST_CAMERAS, MOST_SITES, By, Registry, parts_changed
from throng.hub.registry.state import Site
from throng.hub.registry.table_file import MOST_TOLD, Mistake, Row, read_table, table_mistake
from throng.store.records import Change


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, or would change.

    Attributes
    ----------
    added, changed : tuple of str
        Names of cameras.
    unchanged : int
        How many cameras of the file are as it says.
    new_sites : tuple of str
        Sites that the file names and that were not there.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: int = 0
    new_sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wish:
    old: Registered | None
    camera: Registered
    secrets: Secrets | None


def import_table(registry: Registry, content: bytes, *, by: By, dry_run: bool = False) -> Imported:
    """Add and change the cameras of a CSV file in one transaction.

    Parameters
    ----------
    registry : Registry
        Takes them.
    content : bytes
        The file; docs/cameras.md describes its form.
    by : By
        Who imports it.
    dry_run : bool
        Only say what would change.

    Raises
    ------
    ConflictError
        Somebody else changed one of the cameras meanwhile.
    HubError
        There would be too many cameras or sites.
    SiteError
        The file is none, or rows of it break rules: the first 20 with their lines. Nothing is changed, and nothing quoted.
    """
    rows, found = read_table(content)
    with registry.lock:
        wishes, more = _wishes(registry, rows)
        found += more
        if found:
            raise SiteError(_report(sorted(found)))
        imported = _imported(registry, wishes)
        _check_sizes(registry, imported)
        if dry_run or not (imported.added or imported.changed or imported.new_sites):
            return imported
        _store(registry, wishes, imported, by=by)
        registry.tell()
    return imported


def _wishes(registry: Registry, rows: list[Row]) -> tuple[list[_Wish], list[Mistake]]:
    wishes: list[_Wish] = []
    found: list[Mistake] = []
    first_lines: dict[str, int] = {}
    for row in rows:
        name = unicodedata.normalize("NFC", row.draft.name)
        first = first_lines.setdefault(name, row.line)
        if name and first != row.line:
            found.append(Mistake(row.line, f"has the name of line {first}: give every camera its own"))
            continue
        try:
            old = registry.changeable(name, None)
        except HubError:
            found.append(Mistake(row.line, "names a camera that stands in the site file: change it there"))
            continue
        secrets = old.secrets(registry.seal) if old else None
        made, wrong = checked(row.draft, old, secrets, can_zone=registry.own.can_zone)
        found += [table_mistake(row.line, one) for one in wrong]
        if made is not None:
            wishes.append(_Wish(old, made.camera, made.secrets))
    return wishes, found


def _imported(registry: Registry, wishes: list[_Wish]) -> Imported:
    added = tuple(wish.camera.name for wish in wishes if wish.old is None)
    changed = tuple(wish.camera.name for wish in wishes if wish.old is not None and _differs(wish, wish.old))
    sites = dict.fromkeys(wish.camera.site for wish in wishes if wish.camera.site not in registry.state.sites)
    return Imported(added, changed, len(wishes) - len(added) - len(changed), tuple(sites))


def _differs(wish: _Wish, old: Registered) -> bool:
    return wish.secrets is not None or bool(parts_changed(old, wish.camera.with_secrets_of(old)))


def _check_sizes(registry: Registry, imported: Imported) -> None:
    if len(registry.state.cameras) + len(imported.added) > MOST_CAMERAS:
        raise HubError(f"there would be more than {MOST_CAMERAS:,} cameras, the most that the hub takes: remove some first")
    if len(registry.state.sites) + len(imported.new_sites) > MOST_SITES:
        raise HubError(f"there would be more than {MOST_SITES:,} sites, the most that the hub takes: remove some first")


def _store(registry: Registry, wishes: list[_Wish], imported: Imported, *, by: By) -> None:
    wanted = {*imported.added, *imported.changed}
    cameras = [_sealed(registry, wish) for wish in wishes if wish.camera.name in wanted]
    sites = [Site(name, version=1) for name in imported.new_sites]
    changes = [Change("site", site.name, dict(site.body()), 0) for site in sites]
    changes += [Change("camera", camera.name, camera.body(), camera.version - 1) for camera in cameras]
    # No digest of the file: with all else known it would let an auditor guess a short password.
    detail = f"{len(imported.added)} cameras added, {len(imported.changed)} changed, {len(imported.new_sites)} new sites"
    registry.make(changes, "camera.import", by=by, about="cameras", detail=detail)
    registry.take(registry.state.with_sites(sites).with_cameras(cameras))


def _sealed(registry: Registry, wish: _Wish) -> Registered:
    camera = replace(wish.camera, version=(wish.old.version if wish.old else 0) + 1)
    if wish.old is not None:
        camera = camera.with_secrets_of(wish.old)
    return camera if wish.secrets is None else camera.with_secrets(wish.secrets, registry.seal)


def _report(found: list[Mistake]) -> str:
    told = [f"line {one.line}: {one.sentence}" for one in found[:MOST_TOLD]]
    more = len(found) - len(told)
    head = f"the file has {len(found):,} mistake{'s' if len(found) > 1 else ''}, and nothing was imported:"
    return "\n".join([head, *told] + ([f"and {more:,} more"] if more else []))
