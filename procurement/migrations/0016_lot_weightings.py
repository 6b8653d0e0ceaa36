"""What a lot lets price, quality and social value weigh."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0015_tender_reminder")]

    operations = [
        migrations.AddField(
            "lot",
            "weightings",
            models.JSONField(
                blank=True,
                help_text="What price, quality and social_value may weigh: [least, most] of 100 as decimal strings.",
                null=True,
            ),
        ),
    ]
