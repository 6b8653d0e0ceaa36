"""Sending one message to a webhook: which addresses are taken, how it is signed, what an answer means.

By the Standard Webhooks specification: `webhook-id` is the delivery's reference whatever the attempt,
`webhook-timestamp` the attempt's own, `webhook-signature` one signature for each secret that is good. Nothing is
followed, nothing of an answer but its status is read, and no address inside our own network is spoken to.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import orjson
import requests
from django.conf import settings
from requests_hardened.config import Config
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.manager import Manager
from standardwebhooks import Webhook

from procurement.feed import as_told, instant
from procurement.models import Event
from procurement.models.outbox import URL_LENGTH

SECRET_BYTES: Final = 32
CONNECT_SECONDS: Final = 5.0
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Whose addresses hold one of IPv4 in their last 32 bits (RFC 6052)."""
AGENT: Final = "Calloff-Webhooks/1"


class Undeliverable(Exception):  # noqa: N818 - what became of it
    """No answer came; the text says why in our words."""


def new_secret() -> str:
    """A secret in the specification's form: `whsec_` and 256 random bits in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def wrong_with(url: object) -> str:
    """Why an address is not taken, "" where it is. What a name leads to is looked at when a message is sent."""
    if not isinstance(url, str):
        return "This must be text."
    if len(url) > URL_LENGTH:
        return f"At most {URL_LENGTH} characters."
    try:
        address = urlsplit(url)
        host, port = address.hostname, address.port
    except ValueError:
        return "This is no address."
    if not host or port == 0 or any(one.isspace() or not one.isprintable() for one in url):
        return "This is no address."
    if address.username is not None or address.password is not None or address.fragment:
        return "An address holds neither name and password nor a fragment."
    # A dot at the end names the same host.
    host = host.rstrip(".")
    if _is_figures(host):
        return "An address in figures is written as 203.0.113.7 is."
    if _is_loopback(host):
        if settings.WEBHOOK_LOOPBACK and address.scheme in {"http", "https"}:
            return ""
        return "This address is inside our own network."
    if address.scheme != "https":
        return "Only https is taken."
    return "" if _is_public(host) else "This address is inside our own network."


def _is_figures(host: str) -> bool:
    """Whether a host is an address of IPv4 in another notation: programs take a name whose last part is a number for
    one (WHATWG URL, "ends in a number"), 2130706433 and 0x7f.1 for 127.0.0.1.
    """
    last = host.rpartition(".")[2]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last))
    return False


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_public(host: str) -> bool:
    """Whether an address in figures is one of the internet, and leads to no other that is not; a name may be."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return inside.is_global and not inside.is_multicast
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def message(event: Event, whole: bool) -> bytes:
    """The body: type, timestamp and the event as the change feed tells it; the same at every attempt."""
    told = as_told(event, whole)
    return orjson.dumps({"type": event.type, "timestamp": instant(event.at), "data": told})


def headers(reference: str, body: bytes, keys: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of one attempt, signed with each of the secrets, the newest first."""
    moment = at.astimezone(UTC)
    signed = (Webhook(key).sign(reference, moment, body.decode()) for key in keys)
    return {
        "content-type": "application/json",
        "webhook-id": reference,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def post(url: str, body: bytes, told: dict[str, str]) -> int:
    """Sends it once and answers the status. Raises Undeliverable where no answer came or the address is refused."""
    if wrong := wrong_with(url):
        raise Undeliverable(wrong)
    config = Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=settings.WEBHOOK_LOOPBACK,
        never_redirect=True,
        default_timeout=(CONNECT_SECONDS, settings.WEBHOOK_SECONDS),
        user_agent_override=AGENT,
    )
    with Manager(config).get_session() as session:
        # A proxy of the environment would go where we must not, and a netrc would tell who we are.
        session.trust_env = False
        try:
            answer = session.post(url, data=body, headers=told, stream=True)
        except InvalidIPAddress as error:
            raise Undeliverable("The address leads inside our own network.") from error
        except requests.Timeout as error:
            raise Undeliverable("It did not answer in time.") from error
        except (requests.exceptions.SSLError, OSError) as error:
            raise Undeliverable(f"It could not be reached ({type(error).__name__}).") from error
        with answer:
            # Whatever it says beside its status is not read: a body without end costs nothing.
            return int(answer.status_code)
