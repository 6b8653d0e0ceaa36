"""SQLite refuses `UPDATE OR REPLACE` that would move a row onto the key of one that is never edited: it removes the row
that stood without asking the triggers against UPDATE and DELETE. PostgreSQL has no such statement.
"""

from importlib import import_module

from django.db import migrations

from procurement.guards import move_over, refuse_moving_over

NEVER = import_module("procurement.migrations.0028_never_written_over")
TABLES = (NEVER.EVENTS, *NEVER.KEPT, import_module("procurement.migrations.0033_what_a_price_means").CARDS)
OVER = "No row is moved over another that is kept."


def put_up(apps, editor):
    for table in TABLES:
        refuse_moving_over(editor, table, OVER)


def remove(apps, editor):
    for table in TABLES:
        move_over(editor, table)


class Migration(migrations.Migration):
    dependencies = [("procurement", "0034_work_types")]

    operations = [migrations.RunPython(put_up, remove, elidable=False)]
