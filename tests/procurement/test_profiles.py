"""A firm edits its own profile: who may, what is refused and named, what a version and its event hold."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.actions.organisations import PartnerDraft, save_partners
from procurement.actions.profiles import ProfileDraft, confirm_profile, publish_profiles, update_profile
from procurement.errors import Invalid, NotFound, NotPermitted, Stale
from procurement.models import Capability, Event, Organisation, Partner, ProfileVersion
from procurement.permissions import ANONYMOUS, SYSTEM
from procurement.vocabulary import OWNERSHIP
from search.models import IndexRequest
from tests.world import editor_of, make_frameworks, make_partners, profile

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def firms(module_database: None) -> None:
    make_frameworks()
    make_partners({"ash": "Ash Research", "elm": "Elm Evaluation"})
    IndexRequest.objects.all().delete()


@pytest.fixture
def ash(firms: None, db: None) -> Partner:
    return Partner.objects.select_related("published").get(reference="ash")


def faults_of(changes: Any, revision: int) -> list[tuple[str, str]]:
    """The faults of an edit, after checking that it left everything as it was."""
    before = (
        ProfileVersion.objects.count(),
        Event.objects.count(),
        Partner.objects.get(reference="ash").revision,
    )
    with pytest.raises(Invalid) as refusal:
        update_profile(SYSTEM, "ash", revision, changes)
    after = (
        ProfileVersion.objects.count(),
        Event.objects.count(),
        Partner.objects.get(reference="ash").revision,
    )
    assert after == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def test_an_edit_makes_an_immutable_version_and_publishes_it(ash: Partner) -> None:
    partner = update_profile(
        editor_of("ash"), "ash", ash.revision, {"summary": "New words.", "size": "medium"}
    )
    assert partner.published is not None
    assert (partner.published.number, partner.published.summary, partner.published.size) == (
        2,
        "New words.",
        "medium",
    )
    assert partner.published.name == "Ash Research"
    assert partner.revision == ash.revision + 1
    first = ProfileVersion.objects.get(partner=partner, number=1)
    assert (first.status, first.size) == ("superseded", "small")


def test_its_event_names_changed_fields_with_values_but_no_contacts(ash: Partner) -> None:
    actor = editor_of("ash")
    update_profile(actor, "ash", ash.revision, {"size": "medium", "contacts": {"email": "new@example.org"}})
    event = Event.objects.latest("position")
    assert (event.type, event.subject, event.actor) == ("partner.profile_published", "ash", actor.reference)
    assert event.references == {"organisation": "ash"}
    assert event.changes == {"version": 2, "fields": ["size", "contacts"], "values": {"size": "medium"}}
    assert "new@example.org" not in str(event.changes)
    request = IndexRequest.objects.get()
    assert (request.kind, request.reference, request.position) == ("partner", "ash", event.position)


def test_an_edit_that_changes_nothing_makes_no_version(ash: Partner) -> None:
    events = Event.objects.count()
    partner = update_profile(SYSTEM, "ash", ash.revision, {"name": "Ash Research", "sectors": ["health"]})
    assert partner.revision == ash.revision
    assert ProfileVersion.objects.filter(partner=partner).count() == 1
    assert Event.objects.count() == events


@pytest.mark.parametrize(("reference", "role"), [("ash", "viewer"), ("elm", "administrator")])
def test_only_an_editor_of_the_firm_itself_may(ash: Partner, reference: str, role: str) -> None:
    with pytest.raises(NotPermitted):
        update_profile(editor_of(reference, role), "ash", ash.revision, {"size": "large"})
    assert ProfileVersion.objects.filter(partner=ash).count() == 1


def test_nobody_anonymous_may(ash: Partner) -> None:
    with pytest.raises(NotPermitted):
        update_profile(ANONYMOUS, "ash", ash.revision, {"size": "large"})


def test_an_old_revision_is_stale(ash: Partner) -> None:
    update_profile(SYSTEM, "ash", ash.revision, {"size": "medium"})
    with pytest.raises(Stale):
        update_profile(SYSTEM, "ash", ash.revision, {"size": "large"})
    assert ProfileVersion.objects.filter(partner=ash).count() == 2


def test_an_unknown_partner_is_not_found(ash: Partner) -> None:
    with pytest.raises(NotFound):
        update_profile(SYSTEM, "nobody", 1, {"size": "large"})


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"colour": "green"}, [("/colour", "unknown_field")]),
        ({"na/me~": "x"}, [("/na~1me~0", "unknown_field")]),
        ({"name": ""}, [("/name", "required")]),
        ({"name": 5}, [("/name", "type")]),
        ({"name": "x" * 251}, [("/name", "too_long")]),
        ({"name": "two\nlines"}, [("/name", "control_character")]),
        ({"summary": "a NUL \x00 byte"}, [("/summary", "control_character")]),
        ({"name": "ash\u202ehsa"}, [("/name", "control_character")]),
        ({"summary": "turned\u2066 about"}, [("/summary", "control_character")]),
        (
            {"case_studies": [{"title": "One\u202a", "text": "a\u2069b"}]},
            [("/case_studies/0/title", "control_character"), ("/case_studies/0/text", "control_character")],
        ),
        ({"ownership_evidence": {"note": "\u202d1"}}, [("/ownership_evidence/note", "control_character")]),
        ({"summary": "half \ud800 a pair"}, [("/summary", "control_character")]),
        ({"summary": "x" * 20_001}, [("/summary", "too_long")]),
        ({"ownership": "owned by cats"}, [("/ownership", "unknown_value")]),
        ({"size": None}, [("/size", "type")]),
        ({"sectors": "health"}, [("/sectors", "type")]),
        ({"sectors": ["health", "magic"]}, [("/sectors/1", "unknown_value")]),
        ({"sectors": ["health", "health"]}, [("/sectors/1", "duplicate")]),
        ({"regions": ["XX9"]}, [("/regions/0", "unknown_value")]),
        ({"accreditations": [["iso-9001"]]}, [("/accreditations/0", "type")]),
        ({"case_studies": [{"title": "No text"}]}, [("/case_studies/0/text", "required")]),
        ({"case_studies": [{"title": "T", "text": "t", "year": 1}]}, [("/case_studies/0/year", "range")]),
        (
            {"case_studies": [{"title": "T", "text": "t", "mood": 1}]},
            [("/case_studies/0/mood", "unknown_field")],
        ),
        ({"case_studies": ["words"]}, [("/case_studies/0", "type")]),
        ({"contacts": {"email": "not one"}}, [("/contacts/email", "shape")]),
        ({"contacts": {"website": "javascript:alert(1)"}}, [("/contacts/website", "shape")]),
        ({"contacts": {"fax": "1"}}, [("/contacts/fax", "unknown_field")]),
        ({"size": "huge", "sectors": ["x"]}, [("/size", "unknown_value"), ("/sectors/0", "unknown_value")]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(
    ash: Partner, changes: Any, faults: list[tuple[str, str]]
) -> None:
    assert faults_of(changes, ash.revision) == faults


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("size", "large, medium, micro, not-stated, small"),
        ("ownership", ", ".join(sorted(OWNERSHIP))),
    ],
)
def test_an_empty_choice_is_told_its_values_and_the_one_for_what_nobody_knows(
    ash: Partner, field: str, values: str
) -> None:
    before = (ProfileVersion.objects.count(), Event.objects.count())
    with pytest.raises(Invalid) as refusal:
        update_profile(SYSTEM, "ash", ash.revision, {field: ""})
    told = f"Say which: {values}; not-stated where it is not known."
    assert [(one.pointer, one.code, one.message) for one in refusal.value.faults] == [
        (f"/{field}", "required", told)
    ]
    assert (ProfileVersion.objects.count(), Event.objects.count()) == before


def test_a_case_study_keeps_its_key_when_it_comes_again_without(ash: Partner) -> None:
    assert ash.published is not None
    key = ash.published.case_studies[0]["key"]
    studies = [{"title": "Another", "text": "More."}, {"title": "A first case", "text": "Rewritten."}]
    partner = update_profile(SYSTEM, "ash", ash.revision, {"case_studies": studies})
    assert partner.published is not None
    assert [study["key"] for study in partner.published.case_studies] == ["another", key]


def keys_after(revision: int, *studies: dict[str, str]) -> list[str]:
    partner = update_profile(SYSTEM, "ash", revision, {"case_studies": list(studies)})
    assert partner.published is not None
    return [study["key"] for study in partner.published.case_studies]


def test_case_studies_of_one_title_keep_their_keys_when_they_come_again_without(ash: Partner) -> None:
    twice = ({"title": "Twice", "text": "North."}, {"title": "Twice", "text": "South."})
    assert keys_after(ash.revision, *twice) == ["twice", "twice-2"]
    versions = ProfileVersion.objects.count()
    outcome = publish_profiles(SYSTEM, [ProfileDraft("ash", {"case_studies": list(twice)})])
    assert (outcome.changed, outcome.unchanged) == ([], 1)
    assert ProfileVersion.objects.count() == versions
    third = {"title": "Twice", "text": "West."}
    assert keys_after(ash.revision + 1, *twice, third) == ["twice", "twice-2", "twice-3"]


def test_a_new_case_study_with_the_title_of_one_that_is_given_by_its_key_gets_its_own(ash: Partner) -> None:
    assert ash.published is not None
    stands = ash.published.case_studies[0]
    new = {"title": stands["title"], "text": "Another of that title."}
    assert keys_after(ash.revision, stands, new) == ["a-first-case", "a-first-case-2"]
    given = {"key": "a-first-case-2", "title": "Else", "text": "t"}
    assert keys_after(ash.revision + 1, new | {"text": "Before it."}, given, stands) == [
        "a-first-case-3",
        "a-first-case-2",
        "a-first-case",
    ]


def test_a_new_case_study_does_not_take_the_key_of_one_that_comes_after_it(ash: Partner) -> None:
    assert keys_after(ash.revision, {"title": "A place", "text": "t"}) == ["a-place"]
    studies = ({"title": "A place!", "text": "New."}, {"title": "A place", "text": "t"})
    assert keys_after(ash.revision + 1, *studies) == ["a-place-2", "a-place"]
    given = {"key": "one-more", "title": "Given", "text": "t"}
    assert keys_after(ash.revision + 2, {"title": "One more", "text": "t"}, given) == [
        "one-more-2",
        "one-more",
    ]


def test_texts_are_kept_in_one_unicode_form_and_line_end(ash: Partner) -> None:
    partner = update_profile(SYSTEM, "ash", ash.revision, {"name": " Cafe\u0301 ", "summary": "One\r\ntwo"})
    assert partner.published is not None
    assert (partner.published.name, partner.published.summary) == ("Caf\u00e9", "One\ntwo")


def test_confirming_changes_the_day_and_no_version(ash: Partner) -> None:
    Partner.objects.filter(pk=ash.pk).update(confirmed_on="2020-01-01")
    partner = confirm_profile(editor_of("ash"), "ash", ash.revision)
    assert partner.revision == ash.revision + 1
    assert str(partner.confirmed_on) > "2020-01-01"
    assert ProfileVersion.objects.filter(partner=ash).count() == 1
    assert Event.objects.latest("position").type == "partner.profile_confirmed"


def test_what_the_firm_publishes_itself_it_confirms_and_what_others_publish_nobody_has(ash: Partner) -> None:
    assert ash.confirmed_on is None
    partner = update_profile(editor_of("ash"), "ash", ash.revision, {"size": "medium"})
    assert partner.confirmed_on == timezone.localdate()
    publish_profiles(SYSTEM, [ProfileDraft("ash", {"size": "large"})])
    partner.refresh_from_db()
    assert partner.confirmed_on is None


def test_an_operator_who_imports_a_profile_does_not_confirm_it_for_the_firm(ash: Partner) -> None:
    operator = Organisation.objects.create(reference="op", name="Operator", scheme="XX-DEMO", identifier="OP")
    Capability.objects.create(organisation=operator, kind="operator")
    publish_profiles(editor_of("op"), [ProfileDraft("ash", {"size": "large"})])
    ash.refresh_from_db()
    assert (ash.published_id, ash.confirmed_on) == (ProfileVersion.objects.latest("pk").pk, None)


def test_an_import_that_changes_nothing_leaves_the_confirmation(ash: Partner) -> None:
    confirm_profile(editor_of("ash"), "ash", ash.revision)
    publish_profiles(SYSTEM, [ProfileDraft("ash", {"size": "small"})])
    ash.refresh_from_db()
    assert ash.confirmed_on == timezone.localdate()


def test_confirmations_that_no_firm_gave_are_withdrawn_by_the_migration(ash: Partner) -> None:
    migration = import_module("procurement.migrations.0004_rules_across_rows")
    update_profile(editor_of("ash"), "ash", ash.revision, {"size": "medium"})
    Partner.objects.filter(reference="elm").update(confirmed_on="2026-01-05")
    migration.withdraw_confirmations(apps, None)
    confirmed = dict(Partner.objects.values_list("reference", "confirmed_on"))
    assert confirmed == {"ash": timezone.localdate(), "elm": None}
    elm = confirm_profile(editor_of("elm"), "elm", Partner.objects.get(reference="elm").revision)
    migration.withdraw_confirmations(apps, None)
    assert Partner.objects.get(reference="elm").confirmed_on == elm.confirmed_on


def test_publishing_many_is_all_or_none(ash: Partner) -> None:
    drafts = [ProfileDraft("ash", {"size": "medium"}), ProfileDraft("elm", {"size": "enormous"})]
    with pytest.raises(Invalid) as refusal:
        publish_profiles(SYSTEM, drafts)
    assert [fault.pointer for fault in refusal.value.faults] == ["/1/size"]
    assert ProfileVersion.objects.count() == 2


def test_publishing_many_takes_as_many_queries_as_publishing_two(
    ash: Partner, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    names = {f"firm-{number}": f"Firm {number}" for number in range(60)}
    save_partners(SYSTEM, [PartnerDraft(reference, name) for reference, name in names.items()])
    with django_assert_max_num_queries(16):
        outcome = publish_profiles(SYSTEM, [ProfileDraft(one, profile(name)) for one, name in names.items()])
    assert len(outcome.created) == 60
    again = publish_profiles(SYSTEM, [ProfileDraft(one, profile(name)) for one, name in names.items()])
    assert (again.touched, again.unchanged) == (0, 60)
