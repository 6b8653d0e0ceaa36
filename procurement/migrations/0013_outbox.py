"""The outbox: who may read an event, what is to be delivered, where to; and who may read what is in the log already."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from procurement.guards import refuse_edits, take_down


AUDIENCE = "procurement_eventaudience"
DELIVERIES = "procurement_delivery"
MESSAGES = "procurement_inboxmessage"
OWED = ("reference", "event_id", "channel", "recipient", "whom", "organisation_id", "created_at")
SAID = ("reference", "delivery_id", "organisation_id", "title", "text", "link", "created_at")

# Of the types that were known when this was written, those that an organisation reads because the event names it,
# those whose subject it is, and those of the work that it asked for; others are public or operators' alone.
NAMING = (
    "requirement.", "match.", "shortlist.", "saved_search.", "call_off.", "offer.", "contract.", "claim.",
    "outcome_plan.", "measure.",
)
ABOUT = ("organisation.member_added", "organisation.client_created", "organisation.limit_set")
WORK = "operation."
AT_ONCE = 2_000


def put_up(apps, editor):
    refuse_edits(editor, AUDIENCE, ("event_id", "organisation_id"), "", "Who may read an event is never edited.")
    refuse_edits(editor, DELIVERIES, OWED, "", "What is owed to whom is never edited.")
    refuse_edits(editor, MESSAGES, SAID, "", "What a message says is never edited.")


def remove(apps, editor):
    for table in (AUDIENCE, DELIVERIES, MESSAGES):
        take_down(editor, table)


def admit(apps, editor):
    """Tells the organisations of events that were recorded before there was an audience; nothing is delivered."""
    Event, Audience = (apps.get_model("procurement", name) for name in ("Event", "EventAudience"))
    bodies = dict(apps.get_model("procurement", "Organisation").objects.values_list("reference", "pk"))
    askers = dict(apps.get_model("procurement", "Operation").objects.values_list("reference", "organisation_id"))
    wanted = Q(type__in=ABOUT) | Q(type__startswith=WORK)
    for beginning in NAMING:
        wanted |= Q(type__startswith=beginning)
    made = []
    for event in Event.objects.filter(wanted).order_by("position").iterator(chunk_size=AT_ONCE):
        if event.type in ABOUT:
            key = bodies.get(event.subject)
        elif event.type.startswith(WORK):
            key = askers.get(event.subject)
        else:
            key = bodies.get(event.references.get("organisation"))
        if key is not None:
            made.append(Audience(event_id=event.position, organisation_id=key))
    Audience.objects.bulk_create(made, batch_size=AT_ONCE)


class Migration(migrations.Migration):

    dependencies = [
        ('procurement', '0012_competitions'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('url', models.CharField(max_length=500)),
                ('description', models.CharField(blank=True, max_length=250)),
                ('event_types', models.JSONField(default=list)),
                ('status', models.CharField(choices=[('active', 'Active'), ('disabled', 'Disabled'), ('deleted', 'Deleted')], default='active', max_length=10)),
                ('disabled_because', models.CharField(blank=True, choices=[('gone', 'It answered 410 Gone'), ('failing', 'Nothing arrived for days'), ('asked', 'Its organisation disabled it')], max_length=10)),
                ('secret', models.TextField()),
                ('previous_secret', models.TextField(blank=True)),
                ('previous_until', models.DateTimeField(blank=True, null=True)),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhooks', to='procurement.organisation')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('channel', models.CharField(choices=[('inbox', 'Inbox'), ('email', 'E-mail'), ('webhook', 'Webhook')], max_length=8)),
                ('recipient', models.CharField(max_length=120)),
                ('whom', models.CharField(blank=True, max_length=30)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('sent', 'Sent'), ('dead', 'Dead letter'), ('dropped', 'Nobody to tell any more')], default='pending', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('last_status', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='procurement.event', to_field='position')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='procurement.organisation')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('endpoint', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='procurement.webhookendpoint')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='EventAudience',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='audience', to='procurement.event', to_field='position')),
                ('organisation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.organisation')),
            ],
            options={
                'indexes': [models.Index(fields=['organisation', 'event'], name='event_audience_of')],
                'constraints': [models.UniqueConstraint(fields=('event', 'organisation'), name='event_audience_once')],
            },
        ),
        migrations.CreateModel(
            name='InboxMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('title', models.CharField(max_length=250)),
                ('text', models.TextField()),
                ('link', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('read_by', models.CharField(blank=True, max_length=120)),
                ('delivery', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='message', to='procurement.delivery')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inbox', to='procurement.organisation')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='inbox', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['organisation', 'read_at'], name='inbox_unread')],
            },
        ),
        migrations.AddIndex(
            model_name='webhookendpoint',
            index=models.Index(fields=['status'], name='webhook_status'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['channel', 'next_attempt_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'dead')), fields=['id'], name='delivery_dead'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('event', 'channel', 'recipient'), name='delivery_once'),
        ),
        migrations.RunPython(put_up, remove, elidable=False),
        migrations.RunPython(admit, migrations.RunPython.noop, elidable=True),
    ]
