"""The mail server: one connection, messages in, and in plain words what went wrong. Knows no area and no table."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT = 15  # seconds for each answer of the server


class BadAddress(ValueError):
    """PORTAL_MAIL_URL cannot be understood; says what it must be."""


class Away(Exception):
    """The server is down, slow, or does not let us in: nothing can be sent now."""


class Refused(Exception):
    """The server refuses this message: for good, or for now."""

    def __init__(self, words: str, for_good: bool):
        super().__init__(words)
        self.for_good = for_good


class Address(NamedTuple):
    """Where the mail server is, and how it is spoken to."""

    host: str
    port: int
    user: str
    password: str
    wrapped: bool  # TLS from the first byte
    starttls: str  # "must", "may" or "never"


def server_of(url: str) -> Address | None:
    """The server of a PORTAL_MAIL_URL; None for `outbox:`. Raises BadAddress.

    `smtp://user:password@host:587` uses TLS where the server offers it, and must with a password;
    `?tls=never` or `?tls=must` says otherwise. `smtps://host:465` uses TLS from the first byte.
    """
    if url == "outbox:":
        return None
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == -1:
        raise BadAddress("PORTAL_MAIL_URL must be outbox:, smtp://host:port or smtps://host:port")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    tls = parse_qs(parts.query).get("tls", ["must" if user else "may"])[0]
    if tls not in ("must", "may", "never"):
        raise BadAddress("The tls of PORTAL_MAIL_URL must be must, may or never")
    wrapped = parts.scheme == "smtps"
    return Address(parts.hostname, port or (465 if wrapped else 587 if user else 25), user, password, wrapped, tls)


class Server:
    """A connection to the mail server, opened with the first message and closed with the block."""

    def __init__(self, url: str, timeout: float | None = None):
        self.address = server_of(url)
        self.timeout = timeout or TIMEOUT
        self._link: smtplib.SMTP | None = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_) -> None:
        if self._link is not None:
            try:
                self._link.quit()
            except (smtplib.SMTPException, OSError):
                self._link.close()
            self._link = None

    def send(self, message: EmailMessage) -> None:
        """Hand one message over. Raises Away, or Refused for this message alone."""
        try:
            link = self._open()
        except smtplib.SMTPAuthenticationError as error:
            self._drop()
            raise Away(f"The mail server does not take our user name and password ({error.smtp_code})")
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Away(f"The mail server cannot be reached ({_name(error)})")
        try:
            link.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = max((code for code, _ in error.recipients.values()), default=550)
            raise Refused(f"The mail server refuses the recipient ({code})", code >= 500)
        except smtplib.SMTPNotSupportedError:
            raise Refused("The mail server does not take addresses with such letters", True)
        except smtplib.SMTPServerDisconnected as error:
            self._drop()
            raise Away(f"The mail server went away ({_name(error)})")
        except smtplib.SMTPResponseException as error:  # the sender, or the message itself
            if error.smtp_code == 421:
                self._drop()
                raise Away("The mail server closes (421)")
            raise Refused(f"The mail server refuses the message ({error.smtp_code})", error.smtp_code >= 500)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Away(f"The mail server did not answer ({_name(error)})")

    def _open(self) -> smtplib.SMTP:
        if self._link is not None:
            return self._link
        at = self.address
        if at is None:
            raise OSError("no mail server is set up")
        trusted = ssl.create_default_context()
        if at.wrapped:
            self._link = smtplib.SMTP_SSL(at.host, at.port, timeout=self.timeout, context=trusted)
        else:
            self._link = smtplib.SMTP(at.host, at.port, timeout=self.timeout)
            self._link.ehlo()
            if at.starttls != "never" and (at.starttls == "must" or self._link.has_extn("starttls")):
                self._link.starttls(context=trusted)
        if at.user:
            self._link.login(at.user, at.password)
        return self._link

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


def _name(error: Exception) -> str:
    """What kind of failure it was: never the server's own words, which may repeat addresses."""
    code = getattr(error, "smtp_code", None)
    return str(code) if code else type(error).__name__
