"""Keeping, changing, deleting and unsubscribing a saved search: who may, what is refused, what is recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from procurement.actions.saved_search_matches import recipient
from procurement.actions.saved_searches import (
    SavedSearchDraft,
    change_saved_search,
    delete_saved_search,
    keep_saved_search,
    unsubscribe,
)
from procurement.errors import Invalid, NotFound, NotPermitted, Stale
from procurement.models import Event, SavedSearch, SavedSearchAlert, User
from procurement.permissions import Actor
from procurement.querysets import SavedSearchQuerySet
from procurement.unsubscribing import reference_in, token_for
from tests.world import askers, editor_of, make_buyers, make_frameworks, make_partners

pytestmark = pytest.mark.django_db

FOUND = {"wr1~oak~ash": "1-aa", "wr1~yew~yew": "1-bb"}


@pytest.fixture(scope="module")
def everybody(module_database: None) -> dict[str, Actor]:
    make_frameworks()
    make_partners({"oak": "Oak"})
    make_buyers("shire", "borough")
    return askers("shire", "borough", "oak", "saved_searches:write")


def kept(actor: Actor, **changes: Any) -> SavedSearch:
    return keep_saved_search(
        actor, SavedSearchDraft(**{"title": "Sight", "query": "q=sight", **changes}), FOUND
    )


def test_who_may_keep_see_and_change(everybody: dict[str, Actor]) -> None:
    search = kept(everybody["editor"])
    own = {"editor", "approver", "viewer", "integration"}
    for who, actor in everybody.items():
        seen = SavedSearchQuerySet(SavedSearch).seen_by(actor)
        assert seen.filter(pk=search.pk).exists() is (who in own), who
        before = Event.objects.count()
        if who in own or who == "other buyer":
            kept(actor)
            before += 1
        else:
            with pytest.raises(NotPermitted):
                kept(actor)
        assert Event.objects.count() == before, who
    change_saved_search(everybody["approver"], search.reference, 1, {"title": "Sight loss"})
    change_saved_search(everybody["integration"], search.reference, 2, {"title": "Vision"})
    with pytest.raises(NotPermitted):
        change_saved_search(everybody["viewer"], search.reference, 3, {"title": "Hearing"})
    with pytest.raises(NotPermitted):
        delete_saved_search(everybody["viewer"], search.reference, 3)
    for who in ("other buyer", "partner", "owner", "nobody", "integration without scope"):
        with pytest.raises(NotFound):
            change_saved_search(everybody[who], search.reference, 3, {"title": "Hearing"})
    search.refresh_from_db()
    assert (search.title, search.revision) == ("Vision", 3)


def test_a_viewer_changes_and_deletes_their_own(everybody: dict[str, Actor]) -> None:
    search = kept(everybody["viewer"])
    change_saved_search(everybody["viewer"], search.reference, 1, {"alerts": "none"})
    assert delete_saved_search(everybody["viewer"], search.reference, 2).status == "deleted"
    with pytest.raises(NotFound):
        change_saved_search(everybody["viewer"], search.reference, 3, {"alerts": "new"})


def test_what_is_kept_and_recorded(everybody: dict[str, Actor]) -> None:
    actor = everybody["editor"]
    search = kept(actor, alerts="new_and_changed", frequency="at_once")
    year = timezone.localdate().year
    assert (search.reference, search.organisation.reference) == (f"SS-{year}-0001", "shire")
    assert search.owner == User.objects.get(reference=actor.reference)
    assert list(search.matches.values_list("listing", "digest", "matching", "pending", "told_digest")) == [
        ("wr1~oak~ash", "1-aa", True, "", ""),
        ("wr1~yew~yew", "1-bb", True, "", ""),
    ]
    event = Event.objects.get(type="saved_search.kept")
    assert (event.actor, event.subject, event.references) == (
        actor.reference, search.reference, {"organisation": "shire"},
    )  # fmt: skip
    assert event.changes == {"alerts": "new_and_changed", "frequency": "at_once", "found": 2}


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"title": " "}, ["/title"]),
        ({"title": "a\nb"}, ["/title"]),
        ({"title": "x" * 251}, ["/title"]),
        ({"title": 5, "alerts": "all", "frequency": None}, ["/title", "/alerts", "/frequency"]),
        ({"alerts": ["new"]}, ["/alerts"]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    everybody: dict[str, Actor], changes: dict[str, Any], pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        kept(everybody["editor"], **changes)
    assert [fault.pointer for fault in refused.value.faults] == pointers
    assert not SavedSearch.objects.exists()
    assert not Event.objects.filter(subject_type="saved_search").exists()


def test_an_organisation_keeps_only_so_many(
    everybody: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procurement.actions.saved_searches.MOST_KEPT", 2)
    first = kept(everybody["editor"])
    kept(everybody["viewer"])
    with pytest.raises(Invalid) as refused:
        kept(everybody["editor"])
    assert refused.value.faults[0].code == "too_many"
    delete_saved_search(everybody["editor"], first.reference, 1)
    kept(everybody["editor"])


def test_a_change_names_its_fields_and_the_same_again_changes_nothing(everybody: dict[str, Actor]) -> None:
    actor = everybody["editor"]
    search = kept(actor)
    with pytest.raises(Stale):
        change_saved_search(actor, search.reference, 2, {"alerts": "none"})
    same = change_saved_search(actor, search.reference, 1, {"alerts": "new", "title": "Sight"})
    assert same.revision == 1
    search.matches.filter(listing="wr1~oak~ash").update(pending="new", pending_since=timezone.now())
    changed = change_saved_search(actor, search.reference, 1, {"alerts": "none", "frequency": "at_once"})
    assert (changed.revision, changed.alerts, changed.frequency) == (2, "none", "at_once")
    assert not changed.matches.exclude(pending="").exists()
    event = Event.objects.get(type="saved_search.changed")
    assert event.changes == {"alerts": "none", "frequency": "at_once", "fields": ["alerts", "frequency"]}


def test_another_query_forgets_what_the_one_before_found(everybody: dict[str, Actor]) -> None:
    actor = everybody["editor"]
    search = kept(actor)
    with pytest.raises(ValueError, match="finds"):
        change_saved_search(actor, search.reference, 1, {"query": "q=hearing"})
    change_saved_search(actor, search.reference, 1, {"query": "q=hearing"}, {"wr1~oak~elm": "1-cc"})
    assert list(search.matches.values_list("listing", flat=True)) == ["wr1~oak~elm"]


def test_the_link_unsubscribes_once_without_anybody_signed_in(everybody: dict[str, Actor]) -> None:
    search = kept(everybody["editor"])
    assert unsubscribe(search.reference).alerts == "none"
    assert unsubscribe(search.reference).revision == 2
    event = Event.objects.get(type="saved_search.unsubscribed")
    assert (event.actor, event.changes) == ("system", {"alerts": "none"})
    delete_saved_search(everybody["editor"], search.reference, 2)
    with pytest.raises(NotFound):
        unsubscribe(search.reference)


def test_a_token_is_of_one_search_and_of_this_installation(settings: Any) -> None:
    token = token_for("SS-2026-0001")
    assert reference_in(token) == "SS-2026-0001"
    assert reference_in(token.replace("0001", "0002")) is None
    assert reference_in("") is None
    settings.SECRET_KEY = "another"
    assert reference_in(token) is None


def test_mail_goes_to_an_owner_who_may_see_it(everybody: dict[str, Actor]) -> None:
    search = kept(everybody["viewer"])
    owner = User.objects.get(reference=everybody["viewer"].reference)
    assert recipient(search) == owner.email
    owner.memberships.all().delete()
    editor_of("borough", "approver")
    assert recipient(search) == ""
    assert recipient(kept(everybody["integration"])) == ""


def test_what_an_alert_tells_is_never_edited(everybody: dict[str, Actor]) -> None:
    search = kept(everybody["editor"])
    alert = SavedSearchAlert.objects.create(
        saved_search=search, number=1, listings=[["wr1~oak~ash", "new"]], message_id="<1@x>"
    )
    alert.status = "sent"
    alert.save()
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        SavedSearchAlert.objects.filter(pk=alert.pk).update(message_id="<2@x>")
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedSearchAlert.objects.create(saved_search=search, number=1, listings=[], message_id="<3@x>")
