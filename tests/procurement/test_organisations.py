"""Legal bodies and partners: made and changed set-wise, identifiers checked, nothing changed on a refusal."""

from __future__ import annotations

import pytest

from procurement.actions.organisations import (
    OrganisationDraft,
    PartnerDraft,
    save_organisations,
    save_partners,
)
from procurement.errors import Invalid, NotPermitted
from procurement.identifiers import wrong_with
from procurement.models import Event, Organisation, Partner
from procurement.permissions import ANONYMOUS, SYSTEM

pytestmark = pytest.mark.django_db

LEEDS = OrganisationDraft(
    "leeds", "Leeds City Council", "GB-LAE", "LDS", frozenset({"buyer"}), "local-government", "england"
)


def refused(drafts: list[OrganisationDraft]) -> list[tuple[str, str]]:
    """Pointers and codes of what was refused, once it is certain that nothing changed."""
    before = (Organisation.objects.count(), Event.objects.count())
    with pytest.raises(Invalid) as refusal:
        save_organisations(SYSTEM, drafts)
    assert (Organisation.objects.count(), Event.objects.count()) == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def test_an_organisation_is_made_once_and_changed_afterwards() -> None:
    assert save_organisations(SYSTEM, [LEEDS]).created == ["leeds"]
    assert save_organisations(SYSTEM, [LEEDS]).unchanged == 1
    renamed = OrganisationDraft("leeds", "City of Leeds", "GB-LAE", "LDS", frozenset({"buyer", "partner"}))
    assert save_organisations(SYSTEM, [renamed]).changed == ["leeds"]
    held = Organisation.objects.get(reference="leeds")
    assert (held.name, held.revision) == ("City of Leeds", 2)
    assert set(held.capabilities.values_list("kind", flat=True)) == {"buyer", "partner"}
    assert list(Event.objects.values_list("type", flat=True)) == [
        "organisation.created",
        "organisation.changed",
    ]


def test_two_organisations_may_not_share_an_identifier_nor_a_reference() -> None:
    save_organisations(SYSTEM, [LEEDS])
    twin = OrganisationDraft("other", "Another", "GB-LAE", "LDS")
    assert refused([twin]) == [("/0/identifier", "taken")]
    again = OrganisationDraft("x", "One")
    assert refused([again, again]) == [("/0/reference", "duplicate"), ("/1/reference", "duplicate")]


def test_everything_wrong_is_named_at_once() -> None:
    bad = OrganisationDraft("has space", " ", "GB-COH", "123", frozenset({"king"}), "nobody", "mars")
    assert [code for _, code in refused([LEEDS, bad])] == [
        "shape", "length", "identifier", "unknown", "unknown", "unknown",
    ]  # fmt: skip


def test_only_an_administrator_of_the_operator_may_make_organisations() -> None:
    with pytest.raises(NotPermitted):
        save_organisations(ANONYMOUS, [LEEDS])
    assert not Organisation.objects.exists()


def test_partners_are_made_where_missing_and_left_alone_where_not() -> None:
    save_organisations(SYSTEM, [LEEDS])
    drafts = [PartnerDraft("leeds", "Another name"), PartnerDraft("oak", "Oak Advisers")]
    assert save_partners(SYSTEM, drafts).created == ["leeds", "oak"]
    assert save_partners(SYSTEM, drafts).unchanged == 2
    names = dict(Partner.objects.values_list("reference", "organisation__name"))
    assert names == {"leeds": "Leeds City Council", "oak": "Oak Advisers"}
    kinds = Organisation.objects.get(reference="leeds").capabilities.values_list("kind", flat=True)
    assert set(kinds) == {"buyer", "partner"}


@pytest.mark.parametrize(
    ("scheme", "identifier"),
    [
        ("GB-COH", "01234567"), ("GB-COH", "SC123456"), ("GB-CHC", "1089653"), ("GB-NHS", "RR8"),
        ("GB-GOR", "EA199"), ("GB-PPON", "PBZB-4962-TVLR"), ("GB-LAE", "LDS"),
        ("XX-DEMO", "40000001"), ("", ""),
    ],
)  # fmt: skip
def test_well_formed_identifiers_are_taken(scheme: str, identifier: str) -> None:
    assert wrong_with(scheme, identifier) is None


@pytest.mark.parametrize(
    ("scheme", "identifier", "said"),
    [
        ("GB-COH", "1234567", "1234567 is not shaped like a Companies House number."),
        ("GB-COH", "01234567 ", "01234567  is not shaped like a Companies House number."),
        ("GB-COH", "٠١٢٣٤٥٦٧", "٠١٢٣٤٥٦٧ is not shaped like a Companies House number."),
        ("GB-CHC", "1٢٣٤٥٦", "1٢٣٤٥٦ is not shaped like a Charity Commission number."),
        ("GB-GOR", "EA１99", "EA１99 is not shaped like a GOV.UK organisation code."),
        ("GB-COH", "", "A scheme and an identifier come together or not at all."),
        ("", "123", "A scheme and an identifier come together or not at all."),
        ("XX-DEMO", "1", "1 is not shaped like a fictional body's identifier."),
    ],
)
def test_malformed_identifiers_are_refused_with_a_sentence(scheme: str, identifier: str, said: str) -> None:
    assert wrong_with(scheme, identifier) == said


def test_an_unknown_scheme_is_refused_with_those_that_are_known() -> None:
    said = wrong_with("GB-XYZ", "1") or ""
    assert said.startswith("GB-XYZ is not a scheme we know: GB-COH, ")


def test_a_new_reference_with_capitals_is_refused_and_one_that_stands_is_kept() -> None:
    assert refused([OrganisationDraft("Leeds", "Leeds City Council")]) == [("/0/reference", "shape")]
    assert refused([OrganisationDraft("leeds\n", "Leeds City Council")]) == [("/0/reference", "shape")]
    Organisation.objects.create(reference="Leeds", name="Leeds City Council")
    assert save_organisations(SYSTEM, [OrganisationDraft("Leeds", "City of Leeds")]).changed == ["Leeds"]
