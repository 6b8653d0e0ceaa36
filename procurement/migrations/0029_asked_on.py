"""When a firm was last asked whether its profile is still right."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0028_never_written_over")]

    operations = [migrations.AddField("partner", "asked_on", models.DateField(blank=True, null=True))]
