"""All pages for administration, and the routes of backups."""

from typing import TYPE_CHECKING

from throng.hub.admin.backup_page import add_backup_page
from throng.hub.admin.backups import Backups, add_backups
from throng.hub.admin.cameras_pages import add_camera_page, add_cameras_pages
from throng.hub.admin.home import add_home_page
from throng.hub.admin.log_page import add_log_page
from throng.hub.admin.me import add_factor_pages, add_me_page
from throng.hub.admin.people_pages import add_people_page, add_person_page
from throng.hub.admin.proof import add_proof_page
from throng.hub.admin.sensors_page import add_sensors_page
from throng.hub.admin.tokens_page import add_tokens_page
from throng.hub.language import InLanguage
from throng.hub.sensors.enrolment import Enrolments

if TYPE_CHECKING:
    from throng.hub.app import Hub


def add_admin(hub: "Hub", *, enrolments: Enrolments) -> None:
    """Add them to a hub whose JSON routes are there."""
    people, registry, kept = hub.people, hub.registry, hub.kept
    hub.add_middleware(InLanguage)  # below the gate, which comes last and so stands before it
    add_home_page(hub)
    add_proof_page(hub, people=people)
    add_me_page(hub, people=people)
    add_factor_pages(hub, people=people)
    add_people_page(hub, people=people, registry=registry)
    add_person_page(hub, people=people, registry=registry)
    add_tokens_page(hub, people=people, registry=registry)
    add_sensors_page(hub, sensors=hub.sensors, enrolments=enrolments, authority=hub.authority, registry=registry)
    add_cameras_pages(hub, registry=registry, cameras=hub.cameras)
    add_camera_page(hub, registry=registry, cameras=hub.cameras, sensors=hub.sensors)
    add_log_page(hub, log=kept.log)
    backups = Backups(kept)
    add_backup_page(hub, backups=backups)
    add_backups(hub, backups=backups)
