"""Answers to requests that may come twice belong to the domain: the pages keep them, too. Their table stays as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):

    short_locks = "no table is touched: only whose model it is changes"

    dependencies = [
        ('procurement', '0010_outcomes'),
        ('api', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='IdempotencyRecord',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('principal', models.CharField(max_length=120)),
                        ('route', models.CharField(max_length=200)),
                        ('key', models.CharField(max_length=255)),
                        ('fingerprint', models.CharField(max_length=64)),
                        ('status', models.PositiveSmallIntegerField()),
                        ('body', models.BinaryField()),
                        ('headers', models.JSONField(default=dict)),
                        ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                    ],
                    options={
                        'db_table': 'api_idempotencyrecord',
                        'constraints': [models.UniqueConstraint(fields=('principal', 'route', 'key'), name='idempotency_key_once')],
                    },
                ),
            ],
        ),
    ]
