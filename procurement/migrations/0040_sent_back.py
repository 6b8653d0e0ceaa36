"""Why an approver sent a call-off back, who and when, until somebody answers it. None of the columns has a
default: SQLite would make the table anew for it, without its guards.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0039_told_that_it_has_passed")]

    operations = [
        migrations.AddField("calloff", "sent_back_reason", models.TextField(null=True, blank=True)),
        migrations.AddField(
            "calloff", "sent_back_by", models.CharField(max_length=120, null=True, blank=True)
        ),
        migrations.AddField("calloff", "sent_back_at", models.DateTimeField(null=True, blank=True)),
    ]
