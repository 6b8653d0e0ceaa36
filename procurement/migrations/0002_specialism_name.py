"""A specialism's name as long as the action takes it; RM6309 has one of 268 characters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("procurement", "0001_initial")]

    short_locks = "PostgreSQL widens a varchar without reading the table"

    operations = [
        migrations.AlterField(model_name="specialism", name="name", field=models.CharField(max_length=300)),
    ]
