"""A place on a lot has a revision, so that two who move it at once hear of each other."""

from django.db import migrations, models

from procurement.guards import stand_again, stand_aside


def aside(apps, editor):
    stand_aside(editor)


def again(apps, editor):
    stand_again(editor)


class Migration(migrations.Migration):
    dependencies = [("procurement", "0042_account_mails")]

    operations = [
        migrations.RunPython(aside, again, elidable=False),
        migrations.AddField(
            "appointment", "revision", models.PositiveIntegerField(default=1, db_default=1)
        ),
        migrations.RunPython(again, aside, elidable=False),
    ]
