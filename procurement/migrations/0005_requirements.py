"""Requirements as they were said, and matches as they were run; the database refuses to edit either."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from procurement.guards import refuse_edits, take_down

KEPT = (
    (
        "procurement_requirementrevision",
        ("requirement_id", "number", "content", "digest", "actor", "created_at"),
        "What a requirement said is never edited: say it anew.",
    ),
    (
        "procurement_match",
        ("reference", "organisation_id", "requirement_id", "content", "answer", "ranking", "model_digest", "engine",
         "index_generation", "seed", "on", "digest", "actor", "created_at"),
        "A match is kept as it was run.",
    ),
)  # fmt: skip


def put_up(apps, editor):
    for table, columns, sentence in KEPT:
        refuse_edits(editor, table, columns, "", sentence)


def remove(apps, editor):
    for table, _, _ in KEPT:
        take_down(editor, table)


class Migration(migrations.Migration):

    dependencies = [
        ('procurement', '0004_rules_across_rows'),
    ]

    operations = [
        migrations.CreateModel(
            name='Requirement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('status', models.CharField(choices=[('open', 'Open'), ('withdrawn', 'Withdrawn')], default='open', max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requirements', to='procurement.organisation')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='RequirementRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('requirement', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='procurement.requirement')),
            ],
            options={
                'ordering': ['requirement_id', 'number'],
            },
        ),
        migrations.AddField(
            model_name='requirement',
            name='current',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.requirementrevision'),
        ),
        migrations.CreateModel(
            name='Match',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('content', models.JSONField()),
                ('answer', models.JSONField()),
                ('ranking', models.CharField(max_length=60)),
                ('model_digest', models.CharField(blank=True, max_length=128)),
                ('engine', models.CharField(max_length=40)),
                ('index_generation', models.BigIntegerField()),
                ('seed', models.BigIntegerField()),
                ('on', models.DateField()),
                ('digest', models.CharField(max_length=64)),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='matches', to='procurement.organisation')),
                ('requirement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='matches', to='procurement.requirementrevision')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='requirementrevision',
            constraint=models.UniqueConstraint(fields=('requirement', 'number'), name='requirement_revision_once'),
        ),
        migrations.RunPython(put_up, remove, elidable=False),
    ]
