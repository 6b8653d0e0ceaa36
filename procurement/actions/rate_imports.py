"""Importing rate cards from a sheet: read, judge every cell, compare, and publish all of it or nothing.

The journey: rate_sheets.py reads records, rate_headings.py says which columns are which fields, rate_cells.py
reads cells, rate_suppliers.py finds whose they are, this module makes cards of them and rates.py publishes.
Nothing is silently dropped: rows read are rows loaded and rows refused, each refusal with its cell, and a
column or sheet that is not read is named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from django.db.models import Q

from procurement.actions.rate_beside import Beside
from procurement.actions.rate_cells import NO_PLAIN_KEY, CellFault, Places, RowReader, plain_key
from procurement.actions.rate_days import apart, days_of, ended_prices, lines_kept, reached, standing, uneven
from procurement.actions.rate_headings import headings_of, plain, unused
from procurement.actions.rate_import_report import RateImport, RateImportReport
from procurement.actions.rate_lines import CardDraft, LineDraft, total, with_kept
from procurement.actions.rate_overtaken import overtaken, past
from procurement.actions.rate_sheets import Sheet, SheetRow, open_sheet
from procurement.actions.rate_suppliers import Suppliers, make_suppliers, name_suppliers, suppliers_there_are
from procurement.actions.rate_workbooks import BadSheet
from procurement.actions.rates import CardChange, compare_cards, publish_changes, published_lines
from procurement.errors import Invalid, NotFound, Stale
from procurement.models import Appointment, Framework, Grade
from procurement.permissions import Action, Actor, require
from procurement.pricing import CURRENCIES, UNITS
from procurement.team_lines import folded
from procurement.visible import storable

OVERTAKEN_AT_MOST: Final = 5
"""How often an import publishes, where somebody else was quicker with one of its cards each time before."""


class Watch(Protocol):
    """Whoever shows the progress."""

    def judged(self, rows: int) -> None:
        """So many rows have been read."""

    def writing(self) -> None:
        """Every row is judged, and from here on it writes."""

    def written(self, lines: int, total: int) -> None:
        """So many of the lines to write have been written."""


@dataclass(slots=True)
class _Card:
    """The rows of one supplier: its lines in order, and the keys of rows that were refused. `names` has what the file
    calls it (by name, by reference), each with its first row. `by_grade` has the first row and price (pence or cents)
    of each line by grade, keyed by all else that the line says but its key.
    """

    names: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    lines: list[LineDraft] = field(default_factory=list)
    row_of_key: dict[str, int] = field(default_factory=dict)
    by_grade: dict[LineDraft, tuple[int, int]] = field(default_factory=dict)
    said: dict[LineDraft, int] = field(default_factory=dict)
    """the first row of each line, keyed by all that it says but its key"""
    refused: list[str] = field(default_factory=list)
    lots: dict[str, str] = field(default_factory=dict)
    """by lot's reference, what the first row that names it calls it"""


def import_rates(actor: Actor, path: Path, wanted: RateImport, watch: Watch) -> RateImportReport:
    """Load a sheet of rates into cards of a framework, one for each supplier, currency and unit.

    With faults nothing is loaded, unless `partial`: then rows with faults are left out, and a line that such
    a row named stays as it was published, its price and its days. Raises NotPermitted, NotFound (no such framework),
    Invalid (the file or the mapping cannot be used) and Stale (others publish the same cards again and again).
    """
    require(actor, Action.IMPORT_RATES)
    named = storable(wanted.framework.strip())
    framework = Framework.objects.filter(Q(reference=named.lower()) | Q(number__iexact=named)).first()
    if framework is None:
        raise NotFound(f"There is no framework {named}.")
    wanted = replace(wanted, framework=framework.reference, unit=wanted.unit or framework.rate_unit)
    if wanted.currency not in CURRENCIES or wanted.unit not in UNITS:
        raise Invalid(f"Rates are in {', '.join(CURRENCIES)} for a {' or '.join(UNITS)}.")
    report = RateImportReport(dry_run=wanted.dry_run)
    try:
        sheet = open_sheet(path, wanted.sheet)
        headings = headings_of(sheet.headings, wanted.headings)
        reader = RowReader(headings, wanted.currency, wanted.unit, places_of(framework))
        known = suppliers_there_are()
        unread = {heading: plain(heading) for heading in unused(sheet.headings, headings)}
        beside = Beside(unread, wanted.currency, wanted.unit, wanted.basis)
        cards = _read(sheet.rows, reader, beside, known, report, watch)
    except BadSheet as error:
        raise Invalid(f"{wanted.named(path)}: {error}.") from error
    suppliers = _suppliers(cards, known, wanted, headings["supplier"], report)
    unappointed = _placeless(cards, suppliers, framework, headings, wanted, report)
    if "key" in headings:
        _keys(cards, suppliers, wanted, headings["key"], report)
    _ended(cards, suppliers, wanted, headings, report)
    if wanted.strict:
        _take_odd_out(cards, report)
    if wanted.partial:
        _apart(cards, suppliers, wanted, report)
    _count(cards, report)
    if wanted.strict:
        # What is odd is wrong then, and told as that alone.
        report.faults, report.warnings = report.faults + report.warnings, []
    # What is said of columns and sheets refuses no row, however strict: it is no cell's.
    report.warnings += (*unappointed, *_unread(sheet, headings))
    changes = _compare(actor, cards, suppliers, wanted, path, report)
    if report.faults and not wanted.partial:
        report.warnings += (*overtaken(changes), *past(changes))
        report.loaded, report.refused = 0, report.rows
        return report
    if not wanted.dry_run:
        watch.writing()
        make_suppliers(actor, report.new_suppliers, suppliers)
        for left in reversed(range(OVERTAKEN_AT_MOST)):
            try:
                publish_changes(actor, changes, watch.written, again=left < OVERTAKEN_AT_MOST - 1)
                break
            except Stale:
                # Told is what this import has changed itself: its cards are compared with what now stands.
                if not left or _ends_more(cards, suppliers, wanted, headings, report):
                    raise
                changes = _compare(actor, cards, suppliers, wanted, path, report)
        report.applied = bool(report.cards or report.new_suppliers)
    report.warnings += (*overtaken(changes), *past(changes))
    return report


def _unread(sheet: Sheet, headings: Mapping[str, str]) -> list[CellFault]:
    """Columns and worksheets that hold something and are not read."""
    there = [
        CellFault(1, heading, "", f"column {heading!r} is not used")
        for heading in unused(sheet.headings, headings)
    ]
    there += [
        CellFault(
            held.first,
            "",
            "",
            f"column {held.letter} has no heading and is not used; it holds {held.filled} "
            f"{'value' if held.filled == 1 else 'values'} from row {held.first} on",
        )
        for _, held in sorted(sheet.nameless.items())
    ]
    return there + [
        CellFault(0, "", "", f"sheet {name!r} holds something and is not read") for name in sheet.unread
    ]


def places_of(framework: Framework) -> Places:
    """The framework's lots and grades by all that cells may call them, and the lots' types of work (two queries)."""
    lots: dict[str, str] = {}
    kinds: dict[str, tuple[str, ...]] = {}
    for number, reference, name, stated in framework.lots.values_list(
        "number", "reference", "name", "work_types"
    ):
        kinds[reference] = tuple(stated)
        lots |= {folded(number): reference, folded(f"lot {number}"): reference, folded(reference): reference}
        lots.setdefault(folded(name), reference)
    grades: dict[tuple[str | None, str], str] = {}
    for lot, code, name, reference in Grade.objects.filter(lot__framework=framework).values_list(
        "lot__reference", "code", "name", "reference"
    ):
        for word in (code, name, reference):
            grades[lot, folded(word)] = reference
            grades.setdefault((None, folded(word)), reference)
    return Places(lots, grades, kinds)


def _read(
    rows: Iterable[SheetRow],
    reader: RowReader,
    beside: Beside,
    known: Suppliers,
    report: RateImportReport,
    watch: Watch,
) -> dict[str, _Card]:
    """The cards by the supplier's reference, those of nobody known by the name as the file spells it; faults and
    warnings go to the report.
    """
    cards: dict[str, _Card] = {}
    heading = reader.headings["supplier"]
    for row in rows:
        report.rows += 1
        if report.rows % 1_000 == 0:
            watch.judged(report.rows)
        if row.fault:
            report.faults.append(CellFault(row.number, "", "", row.fault))
            report.refused += 1
            continue
        name = " ".join(row.cells[heading].split())
        card = cards.setdefault(known.one(name), _Card())
        card.names.setdefault(name, row.number)
        card.rows += 1
        line, faults, odd = reader.line(row.number, row.cells, card.rows, row.valueless)
        if line.lot is not None:
            card.lots.setdefault(line.lot, row.cells[reader.headings["lot"]][:200])
        if not name and heading not in row.valueless:
            faults.append(CellFault(row.number, heading, "", "is blank; a rate is somebody's"))
        if (first := card.row_of_key.setdefault(line.key, row.number)) != row.number:
            key_heading = reader.headings.get("key", "")
            faults.append(
                CellFault(row.number, key_heading, line.key, f"names a line that row {first} has named")
            )
        odd += beside.odd(row.number, row.cells)
        if not faults and (message := _twin(card, line, row.number)):
            heading_of_price = reader.headings["price"]
            odd.append(CellFault(row.number, heading_of_price, row.cells[heading_of_price], message))
        report.warnings += odd
        report.faults += faults
        if faults:
            report.refused += 1
            card.refused.append(line.key)
        else:
            card.lines.append(line)
    watch.judged(report.rows)
    return cards


def _twin(card: _Card, line: LineDraft, row: int) -> str:
    """What is odd about a line beside an earlier one of the card, "" for nothing: that it says the very same, or has
    another rate for the very same grade; roles alone may have several, as people do.
    """
    if (same := card.said.setdefault(replace(line, key=""), row)) != row:
        return f"is the very same rate as row {same}"
    if not line.grade or line.role_title:
        return ""
    first, price = card.by_grade.setdefault(replace(line, key="", price_minor=0), (row, line.price_minor))
    if price == line.price_minor:
        return ""
    return f"is a second rate for the grade of row {first}; a team can be priced by neither"


def _suppliers(
    cards: Mapping[str, _Card], known: Suppliers, wanted: RateImport, heading: str, report: RateImportReport
) -> dict[str, str]:
    """The reference of each card's supplier, an old or a new one; the report gets those that there are not."""
    spelt = {name: (card, row) for card in cards.values() for name, row in card.names.items() if name}
    named = name_suppliers(list(spelt), known, create=wanted.create_suppliers)
    for name, (card, row) in spelt.items():
        if name in named.wrong:
            _refuse(card, CellFault(row, heading, name[:200], named.wrong[name]), report)
        if name in named.odd:
            report.warnings.append(CellFault(row, heading, name[:200], named.odd[name]))
    report.new_suppliers = named.new
    return {
        key: named.references[name]
        for key, card in cards.items()
        for name in card.names
        if name in named.references
    }


def _placeless(
    cards: Mapping[str, _Card],
    suppliers: Mapping[str, str],
    framework: Framework,
    headings: Mapping[str, str],
    wanted: RateImport,
    report: RateImportReport,
) -> list[CellFault]:
    """Warns of each rate of a supplier for a lot, or on a framework, on which it holds no place: nobody could call it
    off. Where the framework has given no place at all, that says nothing. Returned is what is said of suppliers that
    are to be made and, as those that such an import has made before, have never had a place anywhere: who asks for
    them does not want them refused, however strict.
    """
    places: dict[str, set[str]] = {}
    for supplier, lot in (
        Appointment.objects.filter(lot__framework=framework)
        .exclude(status=Appointment.Status.WITHDRAWN)
        .values_list("supplier__reference", "lot__reference")
    ):
        places.setdefault(supplier, set()).add(lot)
    if not places:
        return []
    appointed = set(Appointment.objects.values_list("supplier__reference", flat=True).distinct())
    odd: list[CellFault] = []
    unappointed: list[CellFault] = []
    for key, card in cards.items():
        if key not in suppliers:
            continue
        held, name = places.get(suppliers[key], set()), next(iter(card.names))[:200]
        for line in card.lines:
            row = card.row_of_key[line.key]
            if not held:
                why = f"holds no place on {framework.number}"
                made = wanted.create_suppliers and suppliers[key] not in appointed
                (unappointed if made else odd).append(CellFault(row, headings["supplier"], name, why))
            elif line.lot is not None and line.lot not in held:
                why = f"is a lot on which {name} holds no place"
                odd.append(CellFault(row, headings["lot"], card.lots[line.lot], why))
    report.warnings += sorted(odd, key=lambda one: one.row)
    return sorted(unappointed, key=lambda one: one.row)


def _keys(
    cards: Mapping[str, _Card],
    suppliers: Mapping[str, str],
    wanted: RateImport,
    heading: str,
    report: RateImportReport,
) -> None:
    """Refuses rows with a key that no address takes as it is. One that the card bears already is for ever and stays."""
    for name, card in cards.items():
        odd = {line.key for line in card.lines if not plain_key(line.key)}
        if odd and name in suppliers:
            reference = _draft(suppliers[name], wanted, ()).reference
            odd -= {line.key for line in published_lines(reference, odd)}
        for key in sorted(odd, key=card.row_of_key.__getitem__):
            report.faults.append(CellFault(card.row_of_key[key], heading, key, NO_PLAIN_KEY))
        _take_out(card, odd, report)


def _ended(
    cards: Mapping[str, _Card],
    suppliers: Mapping[str, str],
    wanted: RateImport,
    headings: Mapping[str, str],
    report: RateImportReport,
) -> None:
    """Refuses rows of a later day that would end a price that stands before they begin; rows that have ended and would
    do so are odd.
    """
    looked_at = {
        _draft(suppliers[name], wanted, ()).reference: card
        for name, card in cards.items()
        if name in suppliers and card.lines and uneven(card.lines)
    }
    found = standing(looked_at)
    for reference in found:
        card = looked_at[reference]
        wrong: set[str] = set()
        for ended in ended_prices(card.lines, reached(found[reference], days_of(card.lines)[1])):
            line, row = ended.line, card.row_of_key[ended.line.key]
            day, heading = (line.valid_from, "valid_from") if ended.wrong else (line.valid_to, "valid_to")
            fault = CellFault(row, headings[heading], str(day), ended.message)
            if not ended.wrong:
                report.warnings.append(fault)
                continue
            report.faults.append(fault)
            wrong.add(line.key)
        _take_out(card, wrong, report)


def _ends_more(
    cards: Mapping[str, _Card],
    suppliers: Mapping[str, str],
    wanted: RateImport,
    headings: Mapping[str, str],
    report: RateImportReport,
) -> bool:
    """Whether rows that were good are to be refused for prices that others have published since they were judged; what
    is merely odd of them is told.
    """
    again = RateImportReport(dry_run=wanted.dry_run)
    _ended(cards, suppliers, wanted, headings, again)
    if wanted.partial:
        _apart(cards, suppliers, wanted, again)
    report.warnings += [one for one in again.warnings if one not in report.warnings]
    return bool(again.faults or (wanted.strict and again.warnings))


def _refuse(card: _Card, fault: CellFault, report: RateImportReport) -> None:
    """Refuses all rows of a card for one reason."""
    report.faults.append(fault)
    _take_out(card, {line.key for line in card.lines}, report)


def _take_out(card: _Card, keys: Collection[str], report: RateImportReport) -> None:
    """Refuses the card's rows with these keys, each of which it has."""
    report.refused += len(keys)
    card.refused += sorted(keys)
    card.lines = [line for line in card.lines if line.key not in keys]


def _apart(
    cards: Mapping[str, _Card], suppliers: Mapping[str, str], wanted: RateImport, report: RateImportReport
) -> None:
    """Refuses all rows of a card that could not leave the line of a refused row as it stands before and after the next
    card begins.
    """
    looked_at = {
        _draft(suppliers[name], wanted, ()).reference: card
        for name, card in cards.items()
        if name in suppliers and card.refused and card.lines
    }
    for reference, found in standing(looked_at).items():
        card = looked_at[reference]
        first, last, lines = days_of(card.lines)
        keys = set(card.refused) - {line.key for line in lines}
        told = [
            CellFault(card.row_of_key[key], "", "", why) for key, why in apart(found, (first, last), keys)
        ]
        if told:
            report.faults += told
            _take_out(card, {line.key for line in lines}, report)


def _take_odd_out(cards: Mapping[str, _Card], report: RateImportReport) -> None:
    """Refuses the rows that are odd."""
    odd = {warning.row for warning in report.warnings}
    for card in cards.values():
        held = {key for key, row in card.row_of_key.items() if row in odd}
        _take_out(card, held & {line.key for line in card.lines}, report)


def _count(cards: Mapping[str, _Card], report: RateImportReport) -> None:
    """How many rows are good."""
    report.loaded = sum(len(card.lines) for card in cards.values())
    report.wrong = report.refused
    # Nobody becomes a supplier by rows that are all refused.
    report.new_suppliers = [name for name in report.new_suppliers if cards[name].lines]


def _compare(
    actor: Actor,
    cards: Mapping[str, _Card],
    suppliers: Mapping[str, str],
    wanted: RateImport,
    path: Path,
    report: RateImportReport,
) -> list[CardChange]:
    """What publishing would change, told to the report as well."""
    drafts = []
    source = f"import of {wanted.named(path)}"[:200]
    partly = {
        name: _draft(suppliers[name], wanted, ())
        for name, card in cards.items()
        if card.refused and name in suppliers
    }
    found = standing(draft.reference for draft in partly.values())
    for name, card in cards.items():
        if not card.lines or name not in suppliers:
            continue
        first, last, lines = days_of(card.lines)
        draft = replace(
            _draft(suppliers[name], wanted, lines), valid_from=first, valid_to=last, source=source
        )
        if card.refused:
            stands = found.get(draft.reference, [])
            kept = lines_kept(stands, last, set(card.refused) - {line.key for line in card.lines})
            behind = len(reached(stands, last)) < len(stands)
            (first, last), lines = with_kept(lines, (first, last), kept, behind=behind)
            draft = replace(draft, lines=lines, valid_from=first, valid_to=last)
        drafts.append(draft)
    new = {suppliers[name] for name in report.new_suppliers}
    changes = compare_cards(actor, drafts, new)
    report.cards = {change.draft.reference: change for change in changes if not change.same}
    report.lines = total(change.diff for change in changes)
    return changes


def _draft(supplier: str, wanted: RateImport, lines: tuple[LineDraft, ...]) -> CardDraft:
    """The card of a supplier (reference) that is imported, without its days."""
    return CardDraft(supplier, wanted.framework, lines, wanted.currency, wanted.unit, wanted.basis)
