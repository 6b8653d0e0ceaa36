"""From an empty database to a framework that a search finds and a council that buys from it: `manage.py
create_operator`, the pages and an import.
"""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from procurement.actions.events import verify
from procurement.actions.member_invitations import send_invitation
from procurement.models import (
    AccountMail,
    Capability,
    Event,
    Framework,
    MemberInvitation,
    Membership,
    Organisation,
    Region,
    RegionTwin,
    Shortlist,
    User,
)

pytestmark = pytest.mark.django_db
FILES = "django.core.mail.backends.filebased.EmailBackend"
LINK = re.compile(r"^https?://[^/]+(/organisation-invitations/\S+)$", re.MULTILINE)
PASSWORD = "seven grey herons wade"
NAME, ADA, BOB = "Example Purchasing", "ada@example.org", "bob@example.org"
OWN = {"scheme": "GB-COH", "identifier": "01234567"}


def created(name: str = NAME, email: str = ADA, **options: Any) -> str:
    out = StringIO()
    call_command("create_operator", name, email, stdout=out, **options)
    return out.getvalue()


def link_in(said: str) -> str:
    found = LINK.search(said)
    assert found is not None, said
    return found[1]


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        Region.objects.count(),
        list(Organisation.objects.order_by("pk").values_list("reference", "name", "revision")),
        list(Capability.objects.order_by("pk").values_list("organisation", "kind")),
        list(MemberInvitation.objects.order_by("pk").values_list("email", "status", "token", "sendings")),
    ]


@pytest.fixture(autouse=True)
def without_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = FILES


def test_from_an_empty_database_to_a_framework_that_a_search_finds_and_a_council_keeps(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.INDEX_FOLDER = tmp_path / "index"
    said = created(**OWN)
    assert said.startswith(
        f"{NAME} (example-purchasing) runs this installation.\nNo e-mail leaves (EMAIL_URL)"
    )
    assert (User.objects.count(), Membership.objects.count()) == (0, 0)
    assert (Region.objects.filter(code="TLK").count(), RegionTwin.objects.exists()) == (1, True)
    answers = {"do": "accept", "full_name": "Ada", "password": PASSWORD, "again": PASSWORD}
    assert client.post(link_in(said), answers)["Location"] == "/account?done=accept"
    for page in ("/administration", "/administration/imports", "/administration/log"):
        assert client.get(page).status_code == 200, page
    made = client.post(
        "/administration/new-framework",
        {
            "reference": "ex1", "number": "EX1", "name": "Example advice", "owner": "example-purchasing",
            "status": "live", "starts_on": "2026-01-01", "ends_on": "2032-12-31", "regime": "pa2023",
            "region_scheme": "ITL2025", "rate_unit": "day", "buyer_classes": ["health"], "maximum_value": "",
        },
    )  # fmt: skip
    assert made["Location"] == "/administration/frameworks/ex1/data?done=made", made.content[:3000]

    def sent(address: str, **fields: str) -> None:
        revision = Framework.objects.get().revision
        assert client.post(address, {"revision": revision, **fields}).status_code == 303, address

    sent("/administration/frameworks/ex1/new-lot", number="1", name="Health", direct_award="yes")
    sent("/administration/lots/ex1~1/new-specialism", number="1", name="Evaluation of services")
    sent("/administration/lots/ex1~1/new-grade", code="G1", name="Consultant", rank="1")
    firm = {
        "reference": "osprey", "name": "Osprey Advice", "summary": "We evaluate services for sight loss.",
        "offerings": [{"framework": "ex1", "lot": "1", "specialisms": ["1"], "regions": ["TLK"]}],
    }  # fmt: skip
    file = tmp_path / "partners.jsonl"
    file.write_text(json.dumps(firm) + "\n")
    call_command("rebuild_index", verbosity=0)
    call_command("import_partners", str(file), verbosity=0)
    call_command("rebuild_index", verbosity=0)
    found = client.get("/api/v1/listings/", {"q": "sight loss", "framework": "EX1"}).json()
    assert [one["reference"] for one in found["results"]] == ["ex1~osprey~osprey"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    bob = Client()
    let_in(client, bob)
    bob.logout()
    signed = bob.post("/sign-in", {"username": BOB, "password": PASSWORD})
    assert (signed.status_code, bob.get("/shortlists").status_code) == (303, 200)
    begun = bob.post("/shortlists", {"title": "Evaluators", "listings": "ex1~osprey~osprey"})
    assert begun.status_code == 303, begun.content[:3000]
    shortlist = Shortlist.objects.get()
    assert (shortlist.organisation.reference, shortlist.entries.get().listing) == (
        "northshire-council",
        "ex1~osprey~osprey",
    )
    people = bob.post(
        "/organisations/northshire-council/members/invite",
        {"do": "invite", "email": "eve@example.org", "role": "editor"},
    )
    assert people.status_code == 303
    assert (client.get("/shortlists").status_code, bob.get("/administration").status_code) == (404, 404)
    assert verify() is None


def let_in(operator: Client, bob: Client) -> None:
    """A council is made on the page and its first administrator invited, who follows the link that is sent."""
    council = {
        "name": "Northshire Council", "reference": "", "scheme": "GB-LAE", "identifier": "NSC",
        "capabilities": ["buyer"], "buyer_class": "health", "nation": "england",
    }  # fmt: skip
    made = operator.post("/administration/organisations/new", council)
    here = "/administration/organisations/northshire-council/data"
    assert made["Location"] == f"{here}?done=made", made.content[:3000]
    invited = operator.post(here, {"do": "invite", "email": BOB, "full_name": "Bob"})
    assert invited["Location"] == f"{here}?done=invite", invited.content[:3000]
    assert send_invitation(MemberInvitation.objects.get(email=BOB).reference, 1)
    accepted = {"do": "accept", "full_name": "Bob", "password": PASSWORD, "again": PASSWORD}
    assert bob.post(link_in(str(mail.outbox[-1].body)), accepted)["Location"] == "/account?done=accept"


def test_one_command_is_one_transaction_with_its_events() -> None:
    created(**OWN, capabilities=["buyer"], full_name="Ada")
    body = Organisation.objects.get()
    assert (body.reference, body.scheme, body.identifier) == ("example-purchasing", "GB-COH", "01234567")
    assert set(body.capabilities.values_list("kind", flat=True)) == {"operator", "buyer"}
    events = Event.objects.order_by("position").values_list("type", "actor", "subject")
    assert list(events)[-2:] == [
        ("organisation.created", "system", "example-purchasing"),
        ("organisation.member_invited", "system", "example-purchasing"),
    ]
    invitation = MemberInvitation.objects.get()
    assert (invitation.email, invitation.full_name, invitation.role, invitation.invited_by) == (
        ADA,
        "Ada",
        "administrator",
        None,
    )
    assert ADA not in str(list(Event.objects.values_list("references", "changes")))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"email": "nobody"}, "Enter an email address such as name@example.org."),
        ({"scheme": "GB-COH", "identifier": "1"}, "1 is not shaped like a Companies House number."),
        ({"scheme": "GB-COH"}, "A scheme and an identifier come together or not at all."),
        ({"name": "  "}, "'' is not a reference: "),
    ],
)
def test_what_cannot_be_made_leaves_an_empty_database(options: dict[str, str], sentence: str) -> None:
    before = kept()
    with pytest.raises(CommandError, match=r"^Nothing was changed\. ") as refused:
        created(**options)
    assert sentence in str(refused.value)
    assert kept() == before


def test_a_second_operator_is_refused_by_name_unless_it_is_asked_for() -> None:
    created()
    before = kept()
    said = (
        f"Nothing was changed. This installation is run by {NAME} (example-purchasing) already. "
        "--another makes a second."
    )
    with pytest.raises(CommandError) as refused:
        created("Another Body", "bob@example.org")
    assert (str(refused.value), kept()) == (said, before)
    created("Another Body", "bob@example.org", another=True)
    assert Capability.objects.filter(kind="operator").count() == 2


def test_the_same_command_again_invites_again_and_the_link_before_falls(client: Client) -> None:
    first, second = link_in(created()), link_in(created())
    assert (client.get(first).status_code, client.get(second).status_code) == (410, 200)
    assert (Organisation.objects.count(), MemberInvitation.objects.count()) == (1, 1)
    assert client.post(second, {"do": "accept", "full_name": "Ada", "password": PASSWORD, "again": PASSWORD})
    before = kept()
    with pytest.raises(CommandError, match=r"^Nothing was changed\. That person belongs to the organisation"):
        created()
    assert kept() == before


def test_with_mail_the_worker_sends_the_link_and_no_terminal_shows_it(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    said = created()
    assert said.splitlines()[1:] == [f"The link to administer it is on its way to {ADA}."]
    owed = AccountMail.objects.get()
    assert (owed.kind, owed.about, owed.number) == ("invitation", MemberInvitation.objects.get().reference, 1)
    assert MemberInvitation.objects.get().token == ""
