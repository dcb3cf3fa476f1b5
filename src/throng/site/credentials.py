"""The user and password of a camera, fetched at the moment they are needed."""

import os
import stat
from pathlib import Path

from pydantic import SecretStr

from throng.data.errors import SiteError
from throng.site.model import Camera, Site

LONGEST_BYTES = 4096
OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR


def credentials(camera: Camera, site: Site) -> tuple[SecretStr | None, SecretStr | None]:
    """The user and password of a camera; None for what it has not.

    The password comes from the environment variable that `password_env` names or from the first line of `password_file`.

    Raises
    ------
    SiteError
        The variable is not set or empty; the file cannot be read, may be read by others, or holds no password.
    """
    user = SecretStr(camera.user) if camera.user else None
    if camera.password_env:
        return user, _from_environment(camera.name, camera.password_env)
    if camera.password_file:
        return user, _from_file(camera.name, site.folder / camera.password_file)
    return user, None


def _from_environment(camera: str, variable: str) -> SecretStr:
    password = os.environ.get(variable, "")
    if not password:
        raise SiteError(f'camera "{camera}": the environment variable {variable} is not set: set it to the camera\'s password')
    return SecretStr(password)


def _from_file(camera: str, path: Path) -> SecretStr:
    try:
        # Opened first and looked at through the same descriptor, so that what is checked is what is read.
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(LONGEST_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise SiteError(f'camera "{camera}": the password file {path} cannot be read: {reason}') from None
    if stat.S_IMODE(mode) & ~OWNER_ONLY:
        raise SiteError(
            f'camera "{camera}": the password file {path} has mode {stat.S_IMODE(mode):04o}, but only its owner may read it: '
            f"run chmod 600 {path}"
        )
    return SecretStr(_password(camera, path, content))


def _password(camera: str, path: Path, content: bytes) -> str:
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = None
    # Raised outside the except block: the decoder's error holds the content.
    if lines is None or len(content) > LONGEST_BYTES or len(lines) != 1 or not lines[0]:
        raise SiteError(f'camera "{camera}": the password file {path} must hold one line of UTF-8 text, the password')
    return lines[0]
