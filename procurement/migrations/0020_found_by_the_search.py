"""What the search of a shortlist found when the shortlist was begun."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0019_investors")]

    operations = [migrations.AddField("shortlist", "found", models.JSONField(blank=True, null=True))]
