from django.db import migrations


class Migration(migrations.Migration):

    short_locks = "no table is touched: only whose model it is changes"

    dependencies = [
        ('api', '0001_initial'),
        ('procurement', '0011_idempotency'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name='IdempotencyRecord')],
        ),
    ]
