"""From when on the bytes of a file that was taken away are gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0016_lot_weightings")]

    operations = [
        migrations.AddField("competitiondocument", "purged_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("tenderfile", "purged_at", models.DateTimeField(blank=True, null=True)),
    ]
