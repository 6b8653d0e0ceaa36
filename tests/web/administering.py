"""Who administers the small market: its framework owner and the operator of the service."""

from __future__ import annotations

import hashlib

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from procurement.actions.belonging import ask_to_belong
from procurement.actions.events import Happening, record
from procurement.actions.member_invitations import invite_member
from procurement.actions.running import run
from procurement.actions.webhooks import WebhookDraft, register_webhook, try_webhook
from procurement.models import Capability, Delivery, Event, MemberInvitation, Organisation, User
from procurement.permissions import SYSTEM, person
from tests.web.buying import colleague, signed
from tests.web.market import HOSTILE

CHIEF, CLERK, OPERATOR = "chief@example.org", "clerk@example.org", "operator@example.org"
INVITED = "buyer@example.org"
PLACE = "/administration/appointments/rm1~1~dogwood"
FIRM = "/administration/partners/dogwood"
APPOINT = "/administration/frameworks/rm1/appoint"
CONSORTIUM = "/administration/suppliers/alders"
REVIEW = "/administration/profiles/dogwood"
OF_OWNERS = ("/administration", "/administration/spend", "/administration/frameworks/rm1", PLACE, FIRM,
             "/administration/profiles", REVIEW, APPOINT, CONSORTIUM)  # fmt: skip
OF_KEEPERS = (
    "/administration/new-framework",
    "/administration/frameworks/rm1/data",
    "/administration/frameworks/rm1/edit",
    "/administration/frameworks/rm1/new-lot",
    "/administration/lots/rm1~1",
    "/administration/lots/rm1~1/edit",
    "/administration/lots/rm1~1/new-specialism",
    "/administration/lots/rm1~1/new-grade",
    "/administration/specialisms/rm1~1~1",
    "/administration/grades/rm1~1~g1",
)
OF_OPERATORS = (
    "/administration/dead-letters",
    "/administration/log",
    "/administration/imports",
    "/administration/rate-imports",
    "/administration/requests",
    "/administration/organisations?name=counc",
    "/administration/organisations/new",
    "/administration/organisations/owner/data",
    "/administration/organisations/council/data",
    "/administration/organisations/council/edit",
)


def make_administrators() -> None:
    """An administrator and a viewer of the framework's owner, and an administrator of the operator."""
    operator = Organisation.objects.create(
        reference="operator", name="Operations", scheme="XX-DEMO", identifier="OPERATOR"
    )
    Capability.objects.create(organisation=operator, kind="operator")
    colleague(CHIEF, "owner", "administrator")
    colleague(CLERK, "owner", "viewer")
    colleague(OPERATOR, "operator", "administrator")


def dead_letter(reference: str = "dlv_1") -> Delivery:
    """A message that was given up."""
    with transaction.atomic():
        record(SYSTEM, Happening("partner.profile_confirmed", "partner", "dogwood", {}, {}))
    return Delivery.objects.create(
        reference=reference,
        event=Event.objects.latest("position"),
        channel="email",
        recipient="dogwood",
        organisation=Organisation.objects.get(reference="dogwood"),
        status="dead",
        attempts=12,
        last_error="The mail server refused it",
    )


def refused_import(page: Client) -> str:
    """An import of rates with something wrong in two rows; its address."""
    sheet = f"Supplier,Lot,Grade,Price\nDogwood Digital,1,G9,dear\n{HOSTILE},1,G1,400\n"
    file = SimpleUploadedFile("rates.csv", sheet.encode())
    signed(page, OPERATOR)
    begun = page.post("/administration/rate-imports", {"file": file, "framework": "rm1", "what": "load"})
    assert begun.status_code == 303, begun.content[:2000]
    run(str(begun["Location"]).rpartition("/")[2])
    return str(begun["Location"])


def listening(organisation: str) -> str:
    """A webhook of the organisation, to which one message was sent; its address."""
    draft = WebhookDraft("https://hooks.example.org/x", ["offer."], HOSTILE[:200], organisation)
    hook, _ = register_webhook(SYSTEM, draft)
    try_webhook(SYSTEM, hook.reference)
    return f"/webhooks/{hook.reference}"


def administered_pages(page: Client) -> dict[str, tuple[str, ...]]:
    """By whoever reads them, the addresses of the pages of administration, each with something on it."""
    make_administrators()
    dead_letter()
    signed(page, CHIEF)
    page.post(PLACE, {"do": "suspend", "revision": 1, "reason": HOSTILE})
    for email in ("new@example.org", INVITED):
        invite_member(person(User.objects.get(email=CHIEF)), "owner", email, HOSTILE[:100], "viewer")
    MemberInvitation.objects.filter(email=INVITED).update(token=hashlib.sha256(b"token").hexdigest())
    for organisation in ("owner", "dogwood"):
        ask_to_belong(User.objects.get(email="buyer@example.org"), organisation)
    return {
        CHIEF: (
            *OF_OWNERS,
            *OF_KEEPERS,
            "/organisations/owner/members",
            "/organisations/owner/members/invite",
            f"/organisations/owner/members/{User.objects.get(email=CLERK).reference}",
            f"{listening('owner')}/change",
        ),
        OPERATOR: (*OF_OWNERS, *OF_OPERATORS, refused_import(page)),
        INVITED: ("/account", "/account/organisations", "/organisation-invitations/token"),
    }
