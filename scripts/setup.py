"""Sets a checkout up: a virtual environment from the hashed locks, the page, and for the tests what they need of the system.

    python3 scripts/setup.py run|test

Says what it does. What is done already and has not changed is not done again.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WEB = ROOT / "web"
PAGE = ROOT / "src" / "throng" / "hub" / "page"
LOCKS = {"run": ROOT / "lock" / "runtime.txt", "test": ROOT / "lock" / "dev.txt"}
SYSTEM = {
    "chromium": "chromium",
    "initdb": "postgresql",
    "mosquitto": "mosquitto",
    "redis-server": "redis-server",
    "strace": "strace",
}
"""Programs that tests start, and the Debian packages that have them."""
PLACES = ("/usr/sbin", "/usr/lib/postgresql/*/bin")
"""Where they lie beside the path."""


def main() -> None:
    """Do what the named purpose needs."""
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        fail("usage: python3 scripts/setup.py run|test")
    purpose = sys.argv[1]
    if sys.version_info < (3, 11):
        fail(f"Throng needs Python 3.11 or newer, and python3 is {sys.version.split()[0]}")
    environment(purpose)
    page()
    if purpose == "test":
        system()


def environment(purpose: str) -> None:
    """A virtual environment with exactly what the lock names. The lock for tests holds all that the one for running does."""
    wanted = digest([LOCKS[purpose], ROOT / "pyproject.toml"])
    if stamped(f"lock-{purpose}", wanted):
        return
    if not (VENV / "bin" / "python").exists():
        say("making a virtual environment in .venv")
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            fail(
                "Python cannot make a virtual environment here: install the package python3-venv (apt-get install python3-venv)"
            )
    say(f"installing the packages of {LOCKS[purpose].relative_to(ROOT)} (hashes checked; a minute or two, once)")
    python = str(VENV / "bin" / "python")
    # Without dependencies: the lock is complete, and leaves out what is demanded and never imported.
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run([*pip, "--require-hashes", "-r", str(LOCKS[purpose])], "the packages could not be installed: is the network there?")
    run([*pip, "--no-build-isolation", "--editable", str(ROOT)], "Throng itself could not be installed")
    stamp(f"lock-{purpose}", wanted)
    if purpose == "test":
        stamp("lock-run", digest([LOCKS["run"], ROOT / "pyproject.toml"]))


def page() -> None:
    """The page's files, built by the Node.js that came with the packages."""
    sources = sorted(path for path in (WEB / "src").rglob("*") if path.is_file())
    wanted = digest([*sources, *sorted(path for path in WEB.glob("*.*") if path.is_file())])
    if (PAGE / "index.html").exists() and stamped("page", wanted):
        return
    say("building the page")
    environ = os.environ | {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    npm = str(VENV / "bin" / "npm")
    run([npm, "ci", "--silent", "--no-fund", "--no-audit"], "the page's packages could not be installed", cwd=WEB, env=environ)
    run([npm, "run", "--silent", "build"], "the page could not be built", cwd=WEB, env=environ)
    stamp("page", wanted)


def system() -> None:
    """Programs that the tests start."""
    missing = [package for program, package in SYSTEM.items() if not is_there(program)]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        fail(f"the tests need {' and '.join(missing)}: apt-get install {' '.join(missing)}")
    say(f"installing {' and '.join(missing)} from Debian's packages")
    run(["apt-get", "update", "-qq"], "Debian's package lists could not be fetched")
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    if "postgresql" in missing:
        # The tests start clusters of their own: Debian's would only run beside them.
        run([*install, "postgresql-common"], "apt-get install postgresql-common failed", env=environ)
        settings = Path("/etc/postgresql-common/createcluster.conf")
        lines = [line for line in settings.read_text(encoding="utf-8").splitlines() if "create_main_cluster" not in line]
        settings.write_text("\n".join([*lines, "create_main_cluster = false", ""]), encoding="utf-8")
    run([*install, *missing], f"apt-get install {' '.join(missing)} failed", env=environ)


def is_there(program: str) -> bool:
    """Whether a program is installed."""
    return shutil.which(program) is not None or any(list(Path("/").glob(f"{place[1:]}/{program}")) for place in PLACES)


def run(command: list[str], sorry: str, *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command quietly; when it fails show what it said."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        fail(f"{done.stdout}{done.stderr}\n{sorry}")


def digest(paths: list[Path]) -> str:
    """One checksum over names and contents of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


def stamped(name: str, wanted: str) -> bool:
    """Whether this was done with this checksum."""
    path = VENV / f".throng-{name}"
    return path.exists() and path.read_text(encoding="utf-8") == wanted


def stamp(name: str, wanted: str) -> None:
    """Remember that this was done."""
    (VENV / f".throng-{name}").write_text(wanted, encoding="utf-8")


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"setup: {text}", flush=True)


def fail(text: str) -> None:
    """Stop with a message."""
    print(f"setup: {text}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
