"""The database refuses further rows that no action writes: a card in a currency that there is not, a line of rates
without a key or with an experience beyond any career, a sector or accreditation of no list, a CPV code of another shape.

Each is asked of what is written from now on, without a look at the table and so without keeping anybody from it. Rows
that break one and stand already are told, and kept as they are until somebody changes what is wrong.
"""

import sys
from contextlib import nullcontext
from dataclasses import dataclass

from django.db import migrations, transaction

from procurement.guards import in_quotes, refuse_where, take_down_where

CURRENCIES = ("GBP", "EUR", "USD")
MOST_YEARS = 60
SECTORS = (
    "central-government", "local-government", "health", "social-care", "education", "children-and-families", "housing",
    "justice", "defence", "transport", "energy", "environment", "culture", "employment", "economy", "digital",
    "third-sector", "international",
)  # fmt: skip
ACCREDITATIONS = (
    "iso-9001", "iso-14001", "iso-20252", "iso-22301", "iso-27001", "iso-45001", "cyber-essentials",
    "cyber-essentials-plus", "living-wage", "b-corp", "disability-confident", "investors-in-people",
    "social-enterprise-mark", "mrs-company-partner", "prince2", "mca-member",
)  # fmt: skip
BLANKS = " \t\n\r\u00a0"
DIGITS = "[0-9]" * 8


@dataclass(frozen=True)
class Refused:
    """What no row of a table says. `wrong` is SQL of a vendor with {} before each column."""

    table: str
    name: str
    columns: tuple[str, ...]
    sqlite: str
    postgresql: str
    sentence: str

    def wrong(self, editor, row):
        return getattr(self, editor.connection.vendor).replace("{}", row)


def alike(table, name, columns, wrong, sentence):
    """One that both databases are told in the same words."""
    return Refused(table, name, columns, wrong, wrong, sentence)


def not_in(words):
    return " AND ".join(f'{{}}"currency" <> {in_quotes(word)}' for word in words)


def listed(name, column, words, sentence):
    """A list in a profile, of known words."""
    held, known = ", ".join(map(in_quotes, words)), ", ".join(f'"{word}"' for word in words)
    return Refused(
        "procurement_profileversion", name, (column,),
        f'json_type({{}}"{column}") <> \'array\' OR EXISTS (SELECT 1 FROM json_each({{}}"{column}") AS one '
        f"WHERE one.type <> 'text' OR one.value NOT IN ({held}))",
        f'jsonb_typeof({{}}"{column}") <> \'array\' OR NOT {{}}"{column}" <@ \'[{known}]\'::jsonb',
        sentence,
    )  # fmt: skip


CURRENCY = f"A rate card is in one of {', '.join(CURRENCIES)}."
RULES = (
    *(
        alike(table, "other_currency", ("currency",), not_in(CURRENCIES), CURRENCY)
        for table in ("procurement_ratecard", "procurement_rateproposal")
    ),
    alike(
        "procurement_rateline", "blank_key", ("key",), f"trim({{}}\"key\", '{BLANKS}') = ''",
        "The key of a line of rates is not blank.",
    ),
    alike(
        "procurement_rateline", "other_experience", ("min_experience", "max_experience"),
        f'{{}}"min_experience" NOT BETWEEN 0 AND {MOST_YEARS} OR {{}}"max_experience" NOT BETWEEN 0 AND {MOST_YEARS} '
        'OR {}"max_experience" < {}"min_experience"',
        f"Experience is from 0 to {MOST_YEARS} years, the least first.",
    ),
    listed("other_sector", "sectors", SECTORS, "A profile names sectors that there are."),
    listed(
        "other_accreditation", "accreditations", ACCREDITATIONS, "A profile names accreditations that there are.",
    ),
    Refused(
        "procurement_specialism", "other_cpv", ("cpv",),
        'json_type({}"cpv") <> \'array\' OR EXISTS (SELECT 1 FROM json_each({}"cpv") AS one '
        f"WHERE one.type <> 'text' OR one.value NOT GLOB '{DIGITS}')",
        'NOT {}"cpv"::text ~ \'^\\[("[0-9]{8}"(, "[0-9]{8}")*)?\\]$\'',
        "A CPV code has eight digits.",
    ),
)  # fmt: skip


def put_up(apps, editor):
    # One change at a time on PostgreSQL, so that nothing is kept locked meanwhile: one that was broken off is done again.
    with transaction.atomic() if editor.connection.vendor == "sqlite" else nullcontext():
        for rule in RULES:
            wrong = rule.wrong(editor, "NEW.")
            other = " OR ".join(
                f'OLD."{column}" IS DISTINCT FROM NEW."{column}"'
                if editor.connection.vendor == "postgresql"
                else f'OLD."{column}" IS NOT NEW."{column}"'
                for column in rule.columns
            )
            refuse_where(editor, rule.table, rule.name, "INSERT", wrong, rule.sentence)
            refuse_where(
                editor, rule.table, rule.name, "UPDATE", f"({other}) AND ({wrong})", rule.sentence, rule.columns
            )
    for told in standing(editor):
        sys.stderr.write(f"{told}\n")


def standing(editor):
    """What stands already and breaks a rule, as sentences."""
    with editor.connection.cursor() as cursor:
        for rule in RULES:
            cursor.execute(f"SELECT count(*), min(id) FROM {rule.table} WHERE {rule.wrong(editor, '')}")
            many, first = cursor.fetchone()
            if many:
                rows, breaks, stays = ("row", "breaks", "stays") if many == 1 else ("rows", "break", "stay")
                yield (
                    f"{rule.table}: {many} {rows}, the first with id {first}, {breaks} what is held from now on and {stays} "
                    f"until changed. {rule.sentence}"
                )


def remove(apps, editor):
    with transaction.atomic() if editor.connection.vendor == "sqlite" else nullcontext():
        for rule in RULES:
            for event in ("INSERT", "UPDATE"):
                take_down_where(editor, rule.table, rule.name, event)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("procurement", "0036_basis_of_a_version")]

    operations = [migrations.RunPython(put_up, remove, elidable=False)]
