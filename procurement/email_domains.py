"""Domains of e-mail addresses: how one looks, which belong to nobody's employer, and which an address is of. Pure."""

from __future__ import annotations

import re
from typing import Final

PERSONAL: Final = frozenset(
    (
        "aol.com",
        "btinternet.com",
        "fastmail.com",
        "gmail.com",
        "gmx.co.uk",
        "gmx.com",
        "googlemail.com",
        "hey.com",
        "hotmail.co.uk",
        "hotmail.com",
        "icloud.com",
        "live.co.uk",
        "live.com",
        "mail.com",
        "mailbox.org",
        "me.com",
        "msn.com",
        "ntlworld.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "sky.com",
        "talktalk.net",
        "virginmedia.com",
        "yahoo.co.uk",
        "yahoo.com",
        "ymail.com",
    )
)
"""Where anybody gets an address: it says of nobody whom they work for."""
SHARED: Final = frozenset(
    (
        "ac.uk",
        "co.uk",
        "gov.uk",
        "ltd.uk",
        "me.uk",
        "net.uk",
        "nhs.uk",
        "org.uk",
        "plc.uk",
        "police.uk",
        "sch.uk",
    )
)
"""Under these, others have domains of their own."""
_SHAPE: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
LONGEST: Final = 190


def normal(typed: str) -> str:
    """As domains are kept: lower case, without the @ before or the dot after."""
    return typed.strip().lower().removeprefix("@").removesuffix(".")


def wrong_with(domain: str) -> str | None:
    """What is wrong with a domain as an organisation's own, as a sentence; None where nothing is."""
    if len(domain) > LONGEST or not _SHAPE.fullmatch(domain):
        return "Enter what stands after the @ of your addresses, such as example.org."
    if domain in PERSONAL:
        return f"Anybody gets an address at {domain}: invite people one by one instead."
    if domain in SHARED:
        return f"Many organisations have addresses under {domain}: enter the whole of your own."
    return None


def domains_of(email: str) -> list[str]:
    """The domains that an address is of, the narrowest first: itself and those above it, but for the last part."""
    parts = email.rpartition("@")[2].lower().split(".")
    return [".".join(parts[at:]) for at in range(len(parts) - 1)]
