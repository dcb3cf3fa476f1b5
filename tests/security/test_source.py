"""Our own source holds nothing that turns input into code, commands, patterns or paths, and no weak cryptography."""

import ast
import re
import tomllib

import pytest
from tests.conftest import ROOT
from tests.security.source import PACKAGE, Check, found, found_in, name_of, sources

from throng.hub.people import html
from throng.hub.people.joining import Joining

OUTSIDE = ("hub", "store", "seal", "deliver", "site", "audit", "alarm", "privacy", "data")
"""The rooms that take input from a network or a file, or keep secrets."""

_DANGEROUS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "tempfile.mktemp", "yaml.load"}
_UNPICKLING = {"pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "xml.etree", "xml.dom", "xml.sax.handler", "lxml"}
_WEAK_HASHES = {"md5", "sha1", "MD5", "SHA1", "MD4", "new"}
_WEAK_CIPHERS = {"ECB", "TripleDES", "ARC4", "Blowfish", "PKCS1v15", "DES", "RC4"}
_PRIVATE_KEY = "PRIVATE KEY-----"
_SECRET_NAME = re.compile(r"(?:^|_|\.)(?:password|passphrase|secret|token|api_key)$", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"[^ ]{6,}")
_PAGE_DANGERS = (
    "dangerouslySetInnerHTML",
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "new Function",
    "eval(",
    "__proto__",
)
_PAGE_KEEPS = (
    "localStorage",
    "sessionStorage",
    "indexedDB",
    "document.cookie",
    "caches.open",
    "postMessage",
    'window.addEventListener("message"',
)
# What has no need of secrecy: waits between two tries.
_MAY_BE_WEAK = {"deliver"}
# Speaks the digest of cameras, as RTSP has it, to find out whether they open to a default password.
_OF_CAMERAS = "audit/exposure/login.py"
# The sentence is chosen among constants of the package.
_CHOSEN = ("site/rules.py", "store/postgres_link.py", "hub/alarming/senders.py", "hub/public.py")


def _is_dangerous(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        return any(module == bad or module.startswith(f"{bad}.") for module in modules for bad in _UNPICKLING)
    if not isinstance(node, ast.Call):
        return False
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    shell = keywords.get("shell")
    if shell is not None and not (isinstance(shell, ast.Constant) and shell.value is False):
        return True
    name = name_of(node.func)
    unpickles = name in {"np.load", "numpy.load"} and ast.dump(keywords.get("allow_pickle", node)) != ast.dump(
        ast.Constant(False)
    )
    return unpickles or name in _DANGEROUS


def _is_weak(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return name_of(node) in {f"hashlib.{name}" for name in _WEAK_HASHES} or node.attr in _WEAK_CIPHERS
    if isinstance(node, ast.ImportFrom):
        from_hashes = (node.module or "") == "hashlib" or (node.module or "").startswith("cryptography")
        return from_hashes and any(alias.name in (_WEAK_HASHES - {"new"}) | _WEAK_CIPHERS for alias in node.names)
    return False


def _is_guessable(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name in {"random", "numpy.random"} for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module in {"random", "numpy.random"}
    return isinstance(node, ast.Attribute) and name_of(node).startswith(("np.random.", "numpy.random."))


def _is_made_pattern(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not name_of(node.func).startswith("re.") or not node.args:
        return False
    return name_of(node.func) != "re.escape" and not _is_fixed(node.args[0])


def _is_made_format(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in {"format", "format_map"} and not _is_fixed(node.func.value)


def _is_secret(node: ast.AST) -> bool:
    """A constant that is given to something called a password, or is itself a private key."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes) and _PRIVATE_KEY in str(node.value)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        names = [name_of(target) for target in (node.targets if isinstance(node, ast.Assign) else [node.target])]
        value = node.value
    elif isinstance(node, ast.keyword):
        names, value = [node.arg or ""], node.value
    else:
        return False
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str | bytes):
        return False
    # What stands for a secret, such as a name or a question, has spaces or is short.
    return any(_SECRET_NAME.search(name) for name in names) and bool(_SECRET_VALUE.fullmatch(str(value.value)))


def _is_fixed(node: ast.AST) -> bool:
    """Whether it is written in the source: a constant, a name in capitals, or made of such."""
    if isinstance(node, ast.JoinedStr):
        return all(isinstance(part, ast.Constant) or _is_fixed(getattr(part, "value", part)) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _is_fixed(node.left) and _is_fixed(node.right)
    return isinstance(node, ast.Constant) or (bool(name_of(node)) and name_of(node).rpartition(".")[2].isupper())


def test_no_dangerous_function_is_used() -> None:
    assert found(sources(), _is_dangerous) == []


def test_no_weak_hash_or_cipher_is_used() -> None:
    assert [place for place in found(sources(), _is_weak) if not place.startswith(_OF_CAMERAS)] == []


def test_no_weak_randomness_is_used_where_secrets_are() -> None:
    assert found(sources(*(room for room in OUTSIDE if room not in _MAY_BE_WEAK)), _is_guessable) == []


def test_no_secret_is_written_in_the_source() -> None:
    assert found(sources(), _is_secret) == []


def test_no_pattern_is_made_of_input() -> None:
    assert found(sources(*OUTSIDE), _is_made_pattern) == []


def test_no_format_string_is_made_of_input() -> None:
    assert [place for place in found(sources(*OUTSIDE), _is_made_format) if not place.startswith(_CHOSEN)] == []


@pytest.mark.parametrize(
    ("check", "bad", "good"),
    [
        (_is_dangerous, "eval(x)", "evaluate(x)"),
        (_is_dangerous, "subprocess.run(x, shell=True)", "subprocess.run([x])"),
        (_is_dangerous, "import pickle", "import json"),
        (_is_dangerous, "from xml.etree import ElementTree", "from xml.sax.saxutils import escape"),
        (_is_dangerous, "np.load(x)", "np.load(x, allow_pickle=False)"),
        (_is_weak, "hashlib.md5(x)", "hashlib.sha256(x)"),
        (_is_weak, "modes.ECB()", "AESGCM(x)"),
        (_is_secret, "password = 'correct-horse'", "password = ask('what is it')"),
        (_is_secret, "connect(token='0123456789ab')", "connect(token_name='0123456789ab')"),
        (_is_secret, "KEY = '-----BEGIN PRIVATE KEY-----'", "KEY = '-----BEGIN CERTIFICATE-----'"),
        (_is_guessable, "import random", "import secrets"),
        (_is_guessable, "np.random.default_rng()", "os.urandom(4)"),
        (_is_made_pattern, "re.compile(f'{x}')", "re.compile('x')"),
        (_is_made_format, "x.format(1)", "'{}'.format(1)"),
    ],
)
def test_the_search_finds_what_it_looks_for_and_nothing_else(check: Check, bad: str, good: str) -> None:
    assert (found_in(bad, check), found_in(good, check)) == ([1], [])


def test_the_page_writes_texts_as_texts() -> None:
    assert _in_the_page(_PAGE_DANGERS) == []


def test_the_page_keeps_nothing_and_listens_to_no_other_page() -> None:
    # How the reader likes the page: its language, and whether it rings.
    assert set(_in_the_page(_PAGE_KEEPS)) == {
        "bell.ts: localStorage",
        "language.ts: document.cookie",
    }


def test_the_page_always_shows_a_way_to_sign_out() -> None:
    text = (ROOT / "web" / "src" / "shell" / "shell.tsx").read_text(encoding="utf-8")
    menu, rest = text.partition("</Menu>")[::2]
    assert "onSignOut}" not in menu
    assert '<button type="button" onClick={props.onSignOut}>{say("signOut")}</button>' in rest


def test_password_fields_are_masked_and_take_what_is_pasted_or_remembered() -> None:
    set_up = html.set_up_page("Site", Joining("set-up", ""), code="x", has_passkeys=True, elsewhere=())
    pages = (html.sign_in_page("Site", has_passkeys=True, elsewhere=()), set_up)
    forms = "".join(bytes(page.body).decode() for page in pages)
    scripts = "".join(path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "hub" / "people").rglob("*.js")))
    fields = re.findall(r"<input[^>]*name=\"password\"[^>]*>", forms)
    assert len(fields) > 1
    assert [field for field in fields if 'type="password"' not in field or 'autocomplete="off"' in field] == []
    assert {autocomplete for field in fields for autocomplete in re.findall(r'autocomplete="([a-z-]+)"', field)} == {
        "current-password",
        "new-password",
    }
    assert re.search(r"\bpaste\b|onpaste|preventDefault\(\).*paste", forms + scripts, re.IGNORECASE) is None


def test_the_package_holds_no_test_code() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build["packages"] == ["src/throng"]
    assert [path for path in sources() if path.name.startswith(("test_", "conftest")) or "tests" in path.parts[-3:]] == []


def test_types_are_checked_strictly() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["strict"] is True
    assert "src" in settings["files"]
    assert (PACKAGE / "py.typed").exists()


def _in_the_page(words: tuple[str, ...]) -> list[str]:
    texts = [(path, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "web" / "src").rglob("*.ts*"))]
    assert len(texts) > 50
    return [f"{path.name}: {word}" for path, text in texts for word in words if re.search(re.escape(word), text)]
