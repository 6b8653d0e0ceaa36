"""A market small enough to know by heart, for the tests of the pages: a consortium of three and a firm alone.

RM1 is live and has two lots; RM0 is expired. Consortium Alder (lead alder, members birch and cedar) is on
both with an illustrative
card on RM0; Dogwood stands alone on RM1, lot 1. Birch holds hostile text.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from procurement.models import (
    Appointment,
    Capability,
    Framework,
    Grade,
    Lot,
    Membership,
    Offering,
    Organisation,
    Partner,
    ProfileVersion,
    RateCard,
    RateCardVersion,
    RateLine,
    Region,
    Specialism,
    Supplier,
    SupplierMember,
    User,
)
from procurement.profiles import ProfileContent

HOSTILE = """<script>alert("x")</script> & 'quoted' <b style="color:red">bold</b> {{ 7 * 7 }}"""
PASSWORD = "a long enough password"


def make_market() -> None:
    """Writes it to the database."""
    owner = _organisation("owner", "Framework Owner", "framework_owner")
    _regions()
    live = _framework("rm1", "RM1", "Advice", owner, date(2020, 1, 1), date(2099, 12, 31))
    expired = _framework("rm0", "RM0", "Old advice", owner, date(2017, 9, 4), date(2021, 9, 3))
    for framework in (live, expired):
        _lot(framework, "1", 1, "Health", ["Evaluation", "Public engagement"])
        _lot(framework, "2a", 2, "Digital", ["Service design"])
    partners = {
        "alder": _partner(
            "alder",
            "Alder Research",
            summary="Evaluation of health services.\n\nSince 1990.",
            ownership="employee-owned",
            ownership_evidence={"register": "Mutuals register", "number": "42", "note": "Wholly since 2009."},
            sectors=["health"],
            accreditations=["living-wage"],
            size="medium",
            case_studies=[
                {
                    "key": "vision",
                    "title": "Vision rehabilitation",
                    "text": "An evaluation that avoided £3.4m a year.",
                }
            ],
            contacts={
                "email": "hello@alder.example.org",
                "phone": "020 7946 0000",
                "website": "https://alder.example.org",
            },
        ),
        "birch": _partner(
            "birch",
            f"Birch {HOSTILE}",
            summary=HOSTILE,
            case_studies=[{"key": "one", "title": HOSTILE, "text": HOSTILE}],
        ),
        "cedar": _partner("cedar", "Cedar"),
        "dogwood": _partner(
            "dogwood", "Dogwood Digital", summary="Service design.", ownership="private-company"
        ),
    }
    consortium = _supplier(
        "alders",
        "Consortium Alder",
        Supplier.Form.PRIME,
        [partners["alder"], partners["birch"], partners["cedar"]],
    )
    alone = _supplier("dogwood", "Dogwood Digital", Supplier.Form.ALONE, [partners["dogwood"]])
    for framework in (live, expired):
        for number in ("1", "2a"):
            appointment = _appointment(consortium, framework, number)
            _offer(appointment, partners["alder"], ["1"] if number == "1" else [], ["vision"])
            _offer(appointment, partners["birch"], ["1"] if number == "1" else [], [])
    _offer(_appointment(alone, live, "1"), partners["dogwood"], ["1", "2"], [])
    _card(consortium, live, "published", {"G1": 40000, "G2": 65050, "G3": 90000})
    _card(consortium, expired, "illustrative", {"G1": 42500, "G2": 72500})
    _card(alone, live, "published", {"G1": 30000, "G2": 55000, "G3": 80000})
    _people(partners)


def _organisation(reference: str, name: str, kind: str) -> Organisation:
    made = Organisation.objects.create(
        reference=reference, name=name, scheme="XX-DEMO", identifier=reference.upper()
    )
    Capability.objects.create(organisation=made, kind=kind)
    return made


def _regions() -> None:
    uk = Region.objects.create(code="UK", scheme="UK", level=0, name="United Kingdom")
    Region.objects.create(code="TLC", scheme="ITL2025", level=1, name="North East (England)", parent=uk)
    Region.objects.create(code="TLI", scheme="ITL2025", level=1, name="London", parent=uk)


def _framework(
    reference: str, number: str, name: str, owner: Organisation, starts: date, ends: date
) -> Framework:
    return Framework.objects.create(
        reference=reference,
        number=number,
        name=name,
        owner=owner,
        status="live",
        starts_on=starts,
        ends_on=ends,
        regime="pcr2015",
        description="For tests.",
        management_charge="1.500",
        region_scheme="ITL2025",
    )


def _lot(framework: Framework, number: str, position: int, name: str, specialisms: list[str]) -> None:
    lot = Lot.objects.create(
        reference=f"{framework.reference}~{number}",
        framework=framework,
        number=number,
        position=position,
        name=name,
        direct_award=True,
        competition=True,
        direct_award_cap_pence=10_000_000,
        longest_term_months=48,
    )
    for place, specialism in enumerate(specialisms, 1):
        Specialism.objects.create(
            reference=f"{lot.reference}~{place}", lot=lot, number=str(place), position=place, name=specialism
        )
    for rank, grade in enumerate(("Junior", "Senior", "Principal"), 1):
        Grade.objects.create(
            reference=f"{lot.reference}~g{rank}", lot=lot, code=f"G{rank}", rank=rank, name=grade
        )


def _partner(reference: str, name: str, **fields: Any) -> Partner:
    organisation = _organisation(reference, reference.title(), "partner")
    content = ProfileContent(**{"name": name, **fields})
    partner = Partner.objects.create(
        reference=reference, organisation=organisation, confirmed_on=date(2026, 1, 5)
    )
    version = ProfileVersion.objects.create(
        partner=partner,
        number=1,
        status="published",
        digest=content.digest(),
        actor="usr_1",
        **content.columns(),
    )
    partner.published = version
    partner.save()
    return partner


def _supplier(reference: str, name: str, form: str, members: list[Partner]) -> Supplier:
    made = Supplier.objects.create(reference=reference, name=name, form=form)
    for place, partner in enumerate(members):
        SupplierMember.objects.create(
            supplier=made, partner=partner, role="member" if place else "lead", joined_on=date(2017, 1, 1)
        )
    return made


def _appointment(supplier: Supplier, framework: Framework, number: str) -> Appointment:
    lot = Lot.objects.get(framework=framework, number=number)
    return Appointment.objects.create(
        reference=f"{lot.reference}~{supplier.reference}",
        supplier=supplier,
        lot=lot,
        starts_on=framework.starts_on,
        quality_marks=["Maximum quality marks"],
    )


def _offer(appointment: Appointment, partner: Partner, specialisms: list[str], evidence: list[str]) -> None:
    """No specialism: it is not stated which."""
    for number in specialisms or [None]:
        specialism = Specialism.objects.get(lot=appointment.lot, number=number) if number else None
        Offering.objects.create(
            appointment=appointment,
            partner=partner,
            specialism=specialism,
            regions=["TLC", "TLI"],
            evidence=evidence,
        )


def _card(supplier: Supplier, framework: Framework, basis: str, prices: dict[str, int]) -> None:
    card = RateCard.objects.create(
        reference=f"{framework.reference}~{supplier.reference}",
        supplier=supplier,
        framework=framework,
        basis=basis,
    )
    version = RateCardVersion.objects.create(
        card=card,
        number=1,
        status="draft",
        basis=basis,
        valid_from=framework.starts_on,
        valid_to=framework.ends_on,
        digest="0" * 64,
        actor="system",
    )
    ordinal = 0
    for lot in Lot.objects.filter(framework=framework):
        for code, price in prices.items():
            ordinal += 1
            RateLine.objects.create(
                version=version,
                key=str(ordinal),
                ordinal=ordinal,
                lot=lot,
                grade=Grade.objects.get(lot=lot, code=code),
                price_minor=price,
            )
    RateCardVersion.objects.filter(pk=version.pk).update(status="published")


def make_buyer(reference: str, name: str) -> Organisation:
    return _organisation(reference, name, "buyer")


def _people(partners: dict[str, Partner]) -> None:
    buyer = make_buyer("council", "The Council")
    for email, organisation, role in (
        ("buyer@example.org", buyer, "editor"),
        ("alder@example.org", partners["alder"].organisation, "editor"),
        ("reader@example.org", partners["alder"].organisation, "viewer"),
    ):
        user = User.objects.create_user(email, PASSWORD, full_name=email.partition("@")[0].title())
        Membership.objects.create(user=user, organisation=organisation, role=role)
    User.objects.create_user("nobody@example.org", PASSWORD)
