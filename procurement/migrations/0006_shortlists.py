"""Shortlists, their notes and the snapshots of what was relied on; the database refuses to edit the latter two."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from procurement.guards import refuse_edits, take_down

KEPT = (
    (
        "procurement_shortlistnote",
        ("shortlist_id", "number", "text", "actor", "created_at"),
        "A note is never edited: write another.",
    ),
    (
        "procurement_snapshot",
        ("shortlist_id", "number", "document", "digest", "actor", "created_at"),
        "A snapshot is never edited.",
    ),
)


def put_up(apps, editor):
    for table, columns, sentence in KEPT:
        refuse_edits(editor, table, columns, "", sentence)


def remove(apps, editor):
    for table, _, _ in KEPT:
        take_down(editor, table)


class Migration(migrations.Migration):

    dependencies = [
        ('procurement', '0005_requirements'),
    ]

    operations = [
        migrations.CreateModel(
            name='Shortlist',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('title', models.CharField(max_length=250)),
                ('status', models.CharField(choices=[('open', 'Open'), ('locked', 'Locked')], default='open', max_length=8)),
                ('query', models.TextField(blank=True)),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('match', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shortlists', to='procurement.match')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shortlists', to='procurement.organisation')),
                ('requirement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shortlists', to='procurement.requirement')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ShortlistEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listing', models.CharField(max_length=362)),
                ('position', models.PositiveIntegerField(help_text='From 1, without gaps.')),
                ('source', models.CharField(choices=[('search', 'Search'), ('match', 'Match'), ('manual', 'Added by hand')], max_length=8)),
                ('decision', models.CharField(choices=[('undecided', 'Undecided'), ('in', 'In'), ('out', 'Out')], default='undecided', max_length=10)),
                ('reason', models.TextField(blank=True)),
                ('rank', models.PositiveIntegerField(blank=True, null=True)),
                ('score', models.FloatField(blank=True, null=True)),
                ('reasons', models.JSONField(blank=True, default=list)),
                ('added_by', models.CharField(max_length=120)),
                ('added_at', models.DateTimeField(auto_now_add=True)),
                ('decided_by', models.CharField(blank=True, max_length=120)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('shortlist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='procurement.shortlist')),
            ],
            options={
                'ordering': ['shortlist_id', 'position', 'id'],
                'constraints': [models.UniqueConstraint(fields=('shortlist', 'listing'), name='shortlist_listing_once'), models.CheckConstraint(condition=models.Q(models.Q(('decision', 'out'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='shortlist_out_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='ShortlistNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('shortlist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='procurement.shortlist')),
            ],
            options={
                'ordering': ['shortlist_id', 'number'],
                'constraints': [models.UniqueConstraint(fields=('shortlist', 'number'), name='shortlist_note_once')],
            },
        ),
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('document', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('shortlist', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='snapshots', to='procurement.shortlist')),
            ],
            options={
                'ordering': ['shortlist_id', 'number'],
                'constraints': [models.UniqueConstraint(fields=('shortlist', 'number'), name='snapshot_once')],
            },
        ),
        migrations.RunPython(put_up, remove, elidable=False),
    ]
