"""What no action writes of rates, profiles and specialisms the database refuses by itself: tried by SQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.errors import Invalid
from procurement.framework_fields import CPV
from procurement.models import (
    Framework,
    ProfileVersion,
    RateCard,
    RateCardVersion,
    RateLine,
    RateProposal,
    Specialism,
    Supplier,
)
from procurement.permissions import SYSTEM
from procurement.pricing import CURRENCIES
from procurement.team_lines import MOST_YEARS
from procurement.vocabulary import ACCREDITATIONS, SECTORS
from tests.guards import unguarded
from tests.world import make_world

pytestmark = pytest.mark.django_db

RULES = import_module("procurement.migrations.0037_plausible_rows")
KEPT = (ProfileVersion, RateCard, RateCardVersion, RateLine, RateProposal, Specialism)


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def rows() -> list[list[tuple[object, ...]]]:
    return [list(model._base_manager.order_by("pk").values_list()) for model in KEPT]


def refused(change: Callable[[], object]) -> str:
    before = rows()
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        change()
    assert rows() == before
    return str(refusal.value).splitlines()[0]


def written(model: type[models.Model], row: models.Model, **values: object) -> tuple[str, str]:
    """What the database says to a row that is made so, and to the same row made well and then changed."""
    fields = {field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields}
    del fields["id"]
    made = refused(lambda: model(**fields | values).save(force_insert=True))
    standing = model(**fields)
    standing.save(force_insert=True)
    changed = refused(lambda: model._base_manager.filter(pk=standing.pk).update(**values))
    standing.delete()
    return made, changed


def a_draft_line() -> RateLine:
    draft = RateCardVersion.objects.create(
        card=RateCard.objects.get(reference="wr1~oak"), number=9, status="draft", digest="", actor="system"
    )
    return RateLine(version=draft, key="9", ordinal=9, role_title="Analyst", price_minor=50_000)


@pytest.mark.parametrize("currency", ["CHF", "gbp", ""])
def test_a_card_and_a_proposal_are_in_a_currency_that_there_is(currency: str) -> None:
    told = "A rate card is in one of GBP, EUR, USD."
    supplier, framework = Supplier.objects.get(reference="yew"), Framework.objects.get(reference="wr0")
    card = RateCard(reference="wr0~yew", supplier=supplier, framework=framework)
    card.currency = currency
    assert refused(lambda: card.save(force_insert=True)) == told
    card.currency = "EUR"
    card.save(force_insert=True)
    # That a card keeps its currency, whichever, is asked of a change.
    refused(lambda: RateCard.objects.filter(pk=card.pk).update(currency=currency))
    proposal = RateProposal(reference="other", supplier=supplier, framework=framework, actor="usr_x")
    proposal.currency = currency
    assert refused(lambda: proposal.save(force_insert=True)) == told
    proposal.currency = "USD"
    proposal.save(force_insert=True)
    refused(lambda: RateProposal.objects.filter(pk=proposal.pk).update(currency=currency))


@pytest.mark.parametrize("key", ["", "  ", "\t\n", "\u00a0"])
def test_the_key_of_a_line_is_not_blank(key: str) -> None:
    told = "The key of a line of rates is not blank."
    assert written(RateLine, a_draft_line(), key=key) == (told, told)


@pytest.mark.parametrize(
    "years",
    [
        {"min_experience": 61},
        {"max_experience": 61},
        {"min_experience": 3, "max_experience": 200},
        {"min_experience": -1},
        {"max_experience": -1},
        {"min_experience": 8, "max_experience": 5},
    ],
)
@pytest.mark.parametrize("of_grade", [True, False])
def test_a_line_asks_for_an_experience_that_somebody_can_have(years: dict[str, int], of_grade: bool) -> None:
    line = a_draft_line()
    if of_grade:
        standing = RateLine.objects.filter(version__card__reference="wr1~oak").exclude(grade=None)[0]
        line.lot, line.grade, line.role_title = standing.lot, standing.grade, ""
    told = "Experience is from 0 to 60 years, the least first."
    assert written(RateLine, line, **years) == (told, told)


def test_experiences_up_to_the_bounds_and_none_are_taken() -> None:
    line = a_draft_line()
    for number, (least, most) in enumerate(
        [(None, None), (0, None), (None, 0), (0, 60), (60, 60), (60, None)]
    ):
        line.pk, line.key, line.min_experience, line.max_experience = None, f"k{number}", least, most
        line.save(force_insert=True)
    assert RateLine.objects.filter(version=line.version).count() == 6


@pytest.mark.parametrize("field", ["sectors", "accreditations"])
@pytest.mark.parametrize(
    "named", [["space-flight"], ["health", "Health"], "health", {}, [1], [None], [["health"]]]
)
def test_a_profile_names_words_of_its_lists(field: str, named: object) -> None:
    profile = ProfileVersion.objects.filter(status="published")[0]
    profile.number, profile.status = 99, "draft"
    sentence = f"A profile names {field} that there are."
    assert written(ProfileVersion, profile, **{field: named}) == (sentence, sentence)


def test_a_profile_names_all_of_them_or_none() -> None:
    profile = ProfileVersion.objects.filter(status="published")[0]
    profile.pk, profile.number, profile.status = None, 99, "draft"
    profile.sectors, profile.accreditations = list(SECTORS), list(ACCREDITATIONS)
    profile.save(force_insert=True)
    assert ProfileVersion.objects.filter(pk=profile.pk).update(sectors=[], accreditations=["b-corp"]) == 1


@pytest.mark.parametrize(
    "codes",
    [["7322"], ["732200000"], ["7322000x"], ["73220000-0"], ["73220000", ""], "73220000", [73220000], {}],
)
def test_a_cpv_code_has_eight_digits(codes: object) -> None:
    found = Specialism.objects.filter(lot__framework__reference="wr1").order_by("pk")
    told = "A CPV code has eight digits."
    assert refused(lambda: found.filter(pk=found[0].pk).update(cpv=codes)) == told
    copy = Specialism(
        reference="wr1~1~other", lot=found[0].lot, number="other", position=99, name="Other", cpv=codes
    )
    assert refused(lambda: copy.save(force_insert=True)) == told
    copy.cpv = ["73220000", "79410000"]
    copy.save(force_insert=True)
    assert Specialism.objects.get(pk=copy.pk).cpv == copy.cpv


def test_the_lists_are_those_of_the_actions() -> None:
    assert tuple(CURRENCIES) == RULES.CURRENCIES
    assert tuple(SECTORS) == RULES.SECTORS
    assert tuple(ACCREDITATIONS) == RULES.ACCREDITATIONS
    assert MOST_YEARS == RULES.MOST_YEARS
    assert (CPV.pattern, RULES.DIGITS) == ("[0-9]{8}", "[0-9]" * 8)


def test_what_stood_before_is_told_and_may_be_left_or_put_right() -> None:
    editor = connection.schema_editor()
    assert list(RULES.standing(editor)) == []
    one, another = ProfileVersion.objects.filter(status="published").order_by("pk")[:2]
    specialism = Specialism.objects.order_by("pk")[0]
    with unguarded():
        ProfileVersion.objects.filter(pk__in=(one.pk, another.pk)).update(sectors=["space-flight"])
        Specialism.objects.filter(pk=specialism.pk).update(cpv=["7322"])
    profiles = (
        f"procurement_profileversion: 2 rows, the first with id {one.pk}, break what is held from now on and stay "
        "until changed. A profile names sectors that there are."
    )
    codes = (
        f"procurement_specialism: 1 row, the first with id {specialism.pk}, breaks what is held from now on and stays "
        "until changed. A CPV code has eight digits."
    )
    assert list(RULES.standing(editor)) == [profiles, codes]
    specialism.refresh_from_db()
    specialism.name = "Renamed"
    specialism.save()
    assert ProfileVersion.objects.filter(pk=one.pk).update(status="superseded", sectors=["space-flight"]) == 1
    Specialism.objects.filter(pk=specialism.pk).update(cpv=["73220000"])
    assert [one.partition(":")[0] for one in RULES.standing(editor)] == ["procurement_profileversion"]


def test_an_upgrade_tells_what_stands_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    one = ProfileVersion.objects.filter(status="published").order_by("pk")[0]
    with unguarded():
        ProfileVersion.objects.filter(pk=one.pk).update(sectors=json.loads('["space-flight"]'))
    RULES.put_up(apps, connection.schema_editor())
    assert capsys.readouterr().err.startswith("procurement_profileversion: 1 row, the first with id")


@pytest.mark.parametrize(
    ("line", "pointer", "code"),
    [
        (LineDraft(" ", 50_000, "Analyst"), "/0/lines/0/key", "duplicate"),
        (LineDraft("a", 50_000, "Analyst", min_experience=61), "/0/lines/0/min_experience", "range"),
        (LineDraft("a", 50_000, "Analyst", max_experience=-1), "/0/lines/0/max_experience", "range"),
    ],
)
def test_the_action_names_what_the_database_would_refuse(line: LineDraft, pointer: str, code: str) -> None:
    before = rows()
    with pytest.raises(Invalid) as refusal:
        publish_cards(SYSTEM, [CardDraft("yew", "wr1", (line,))])
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [(pointer, code)]
    assert rows() == before
