"""Saved searches, what they have found, and the e-mails that tell of it; the database refuses to edit what one says."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from procurement.guards import refuse_edits, take_down


TABLE = "procurement_savedsearchalert"
SAID = ("saved_search_id", "number", "listings", "message_id", "created_at")


def put_up(apps, editor):
    refuse_edits(editor, TABLE, SAID, "", "What an e-mail tells is never edited.")


def remove(apps, editor):
    take_down(editor, TABLE)


class Migration(migrations.Migration):

    dependencies = [
        ('procurement', '0006_shortlists'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('title', models.CharField(max_length=250)),
                ('query', models.TextField(blank=True)),
                ('alerts', models.CharField(choices=[('none', 'None'), ('new', 'New listings'), ('new_and_changed', 'New and changed listings')], default='new', max_length=16)),
                ('frequency', models.CharField(choices=[('at_once', 'At once'), ('daily', 'Daily, at 7am on working days')], default='daily', max_length=8)),
                ('status', models.CharField(choices=[('open', 'Open'), ('deleted', 'Deleted')], default='open', max_length=8)),
                ('turn', models.PositiveBigIntegerField(default=0)),
                ('compared_on', models.DateField(blank=True, null=True)),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_searches', to='procurement.organisation')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='saved_searches', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='SavedSearchAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('listings', models.JSONField()),
                ('message_id', models.CharField(max_length=250, unique=True)),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('sent', 'Sent'), ('dropped', 'Nothing to tell or nobody to tell it to'), ('failed', 'Given up')], default='queued', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('not_before', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('saved_search', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts_sent', to='procurement.savedsearch')),
            ],
            options={
                'ordering': ['saved_search_id', 'number'],
            },
        ),
        migrations.CreateModel(
            name='SavedSearchMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('listing', models.CharField(max_length=362)),
                ('digest', models.CharField(max_length=80)),
                ('matching', models.BooleanField(default=True)),
                ('pending', models.CharField(blank=True, choices=[('new', 'New'), ('changed', 'Changed')], max_length=8)),
                ('pending_since', models.DateTimeField(blank=True, null=True)),
                ('told_digest', models.CharField(blank=True, max_length=80)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
                ('saved_search', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='procurement.savedsearch')),
            ],
            options={
                'ordering': ['saved_search_id', 'listing'],
            },
        ),
        migrations.AddIndex(
            model_name='savedsearch',
            index=models.Index(fields=['status', 'compared_on'], name='saved_search_to_compare'),
        ),
        migrations.AddIndex(
            model_name='savedsearchalert',
            index=models.Index(fields=['status', 'not_before'], name='saved_search_alert_due'),
        ),
        migrations.AddConstraint(
            model_name='savedsearchalert',
            constraint=models.UniqueConstraint(fields=('saved_search', 'number'), name='saved_search_alert_once'),
        ),
        migrations.AddIndex(
            model_name='savedsearchmatch',
            index=models.Index(condition=models.Q(('pending', ''), _negated=True), fields=['saved_search', 'pending_since'], name='saved_search_pending'),
        ),
        migrations.AddConstraint(
            model_name='savedsearchmatch',
            constraint=models.UniqueConstraint(fields=('saved_search', 'listing'), name='saved_search_listing_once'),
        ),
        migrations.AddConstraint(
            model_name='savedsearchmatch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pending', ''), ('pending_since', None)), models.Q(models.Q(('pending', ''), _negated=True), ('pending_since__isnull', False)), _connector='OR'), name='saved_search_pending_since'),
        ),
        migrations.RunPython(put_up, remove, elidable=False),
    ]
