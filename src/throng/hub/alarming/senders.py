"""Sending one message to one outlet: by HTTP, e-mail or MQTT."""

import contextlib
import hashlib
import hmac
import http.client
import json
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

from paho.mqtt import MQTTException
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from throng import __version__
from throng.data.errors import HubError
from throng.hub.alarming.history import Event
from throng.hub.alarming.outlets import Outlet, Target
from throng.hub.alarming.reach import TIMEOUT_S, WHOLE_S, Attempt
from throng.hub.models import utc

SIGNATURE, TIMESTAMP = "Throng-Signature", "Throng-Timestamp"
_WORDS = {"rang": "rings", "cleared": "is over", "acknowledged": "was acknowledged", "handed over": "was handed over"}
_OTHERWISE = "{host} does not answer as it should: look at its address and port"
_WHY: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "the certificate of {host} does not hold ({error.verify_message}): give its authority"),
    (ssl.SSLError, "{host} does not speak TLS as it should: look at its port and encryption"),
    (smtplib.SMTPAuthenticationError, "{host} refuses the user or password ({error.smtp_code}): correct them"),
    (smtplib.SMTPResponseException, "{host} refuses the message ({error.smtp_code})"),
    (smtplib.SMTPRecipientsRefused, "{host} refuses every recipient: correct to"),
    (smtplib.SMTPNotSupportedError, "{host} offers no STARTTLS or no login: look at its port and encryption"),
    (smtplib.SMTPException, _OTHERWISE),
    (TimeoutError, "{host} did not answer in time"),
    (OSError, "{host} cannot be reached ({reason})"),
)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent.

    Attributes
    ----------
    key : str
        The same whenever the same message is sent again.
    event : Event
        What happened.
    hub : str
        Where the hub is opened.
    is_test : bool
        Whether nothing happened, and somebody tries the outlet.
    """

    key: str
    event: Event
    hub: str
    is_test: bool = False

    def content(self) -> bytes:
        """The message as JSON: the same keys as in the interface's history, the place, and the message's own key."""
        event = self.event
        told: dict[str, Any] = {"id": self.key, "event": "test" if self.is_test else event.what}
        told |= {key: getattr(event, key) for key in ("name", "severity", "site", "camera", "place", "by", "note", "sentence")}
        told |= {"at": utc(event.at_us).isoformat().replace("+00:00", "Z"), "hub": self.hub}
        return json.dumps(told, ensure_ascii=False).encode()


def send(attempt: Attempt, outlet: Outlet, secrets: Mapping[str, str], message: Message) -> str:
    """Send a message, once; gives what is wrong though it was sent, or nothing.

    Raises
    ------
    HubError
        It could not be sent: one sentence, without a secret and without what the target said.
    """
    way = {"webhook": _by_webhook, "email": _by_email, "mqtt": _by_mqtt}[outlet.kind]
    try:
        with attempt.running():
            return way(attempt, outlet.target, secrets, message)
    except (OSError, http.client.HTTPException, MQTTException, UnicodeError) as error:
        host = outlet.target.host
        raise HubError(f"{host} did not answer in time" if attempt.is_cut else _why(host, error)) from None


def _why(host: str, error: Exception) -> str:
    """Why nothing could be sent. What the target itself says is not repeated: it may quote a secret."""
    sentence = next((sentence for kind, sentence in _WHY if isinstance(error, kind)), _OTHERWISE)
    return sentence.format(host=host, error=error, reason=getattr(error, "strerror", "") or "the connection was lost")


def signature(secret: str, timestamp: str, content: bytes) -> str:
    """How a webhook's receiver knows that a message is ours: HMAC-SHA256 (RFC 2104) of timestamp, a dot, and body."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + content, hashlib.sha256).hexdigest()


def _by_webhook(attempt: Attempt, target: Target, secrets: Mapping[str, str], message: Message) -> str:
    content, timestamp = message.content(), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"throng/{__version__}",
        TIMESTAMP: timestamp,
        SIGNATURE: signature(secrets["secret"], timestamp, content),
    }
    connection = _Http(attempt, target)
    try:
        connection.request("POST", secrets["path"], content, headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if not 200 <= status < 300:
        told = "redirects, which are not followed" if 300 <= status < 400 else "an error"
        raise HubError(f"{target.host} answers {status}, {told}: correct the address, or look at the receiver")
    return ""


class _Http(http.client.HTTPConnection):
    """Goes to an address that was checked, whatever the name leads to a moment later."""

    def __init__(self, attempt: Attempt, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT_S)
        self._attempt, self._target = attempt, target
        # The port is told to the target where it is another than the usual one.
        self.default_port = 443 if target.encryption == "tls" else 80

    def connect(self) -> None:
        """Open the connection."""
        self.sock = _opened(self._attempt, self._target)


def _by_email(attempt: Attempt, target: Target, secrets: Mapping[str, str], message: Message) -> str:
    server = _Smtp(attempt, target)
    try:
        if target.encryption == "starttls":
            server.starttls(context=_context(target))
        if target.user:
            server.login(target.user, secrets.get("password", ""))
        refused = server.send_message(written(target, message))
        with contextlib.suppress(OSError, smtplib.SMTPException):  # it is sent: a bad farewell must not send it again
            server.quit()
    finally:
        server.close()
    return f"{target.host} refuses {len(refused)} of {len(target.to)} recipients: correct to" if refused else ""


class _Smtp(smtplib.SMTP):
    def __init__(self, attempt: Attempt, target: Target) -> None:
        self._attempt, self._target = attempt, target
        # By default it would ask the name service for the name of this machine, and tell it.
        super().__init__(target.host, target.port, local_hostname="[127.0.0.1]", timeout=TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _opened(self._attempt, self._target)


def written(target: Target, message: Message) -> EmailMessage:
    """A message as an e-mail; a header with a line break in it cannot be made."""
    event = message.event
    what = "a test" if message.is_test else f"{event.severity}: {event.name} {_WORDS[event.what]}"
    mail = EmailMessage()
    mail["Subject"] = f"Throng, {what}"
    mail["From"], mail["To"] = target.sender, ", ".join(target.to)
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message.key}@{target.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # so that no absence note answers (RFC 3834)
    who = f"{_WORDS[event.what]} by {event.by}: {event.note}" if event.by else ""
    lines = (event.sentence, who, f"{utc(event.at_us):%Y-%m-%d %H:%M:%S} UTC, {event.site}, {event.camera}, {event.place}")
    mail.set_content("\n".join([*filter(None, lines), message.hub]) + "\n")
    return mail


def _by_mqtt(attempt: Attempt, target: Target, secrets: Mapping[str, str], message: Message) -> str:
    """Connect, publish one retained message, and hear that it arrived."""
    client = _Mqtt(attempt, target)
    if target.user:
        client.username_pw_set(target.user, secrets.get("password", ""))
    heard: list[ReasonCode] = []
    client.on_connect = lambda client, data, flags, reason, properties: heard.append(reason)
    end_s = time.monotonic() + WHOLE_S
    try:
        client.connect(target.host, target.port)
        _loop(client, end_s, lambda: bool(heard))
        if heard[0].is_failure:
            raise HubError(f"{target.host} refuses the connection ({heard[0]}): correct user and password")
        topic = "throng/test" if message.is_test else topic_of(message.event)
        sent = client.publish(topic, message.content(), qos=1, retain=not message.is_test)
        _loop(client, end_s, sent.is_published)
    finally:
        client.disconnect()
        client.close()
    return ""


def topic_of(event: Event) -> str:
    """Where MQTT tells of an alarm."""
    return f"throng/{event.site}/alarms/{event.name}"


def _loop(client: paho.Client, end_s: float, is_done: Any) -> None:
    while not is_done():
        if time.monotonic() > end_s:
            raise TimeoutError
        if client.loop(0.5) != paho.MQTT_ERR_SUCCESS and not is_done():
            raise OSError


class _Mqtt(paho.Client):
    def __init__(self, attempt: Attempt, target: Target) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        self._attempt, self._target = attempt, target
        self._line: socket.socket | None = None

    def _create_socket(self) -> Any:
        self._line = _opened(self._attempt, self._target)
        return self._line

    def close(self) -> None:
        """Close the connection, in whatever state it is."""
        if self._line is not None:
            self._line.close()


def _opened(attempt: Attempt, target: Target) -> socket.socket:
    line = attempt.connected(target.host, target.port, near_only=target.encryption == "none")
    if target.encryption != "tls":
        return line
    try:
        return _context(target).wrap_socket(line, server_hostname=target.host)
    except OSError:
        line.close()
        raise


def _context(target: Target) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=target.authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
