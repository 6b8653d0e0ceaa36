"""Call-offs with their suppliers and people, offers, contracts; the database refuses to edit an order that was sent."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from procurement.guards import refuse_edits, take_down

OFFER = "procurement_offer"
SENT = ("call_off_id", "asked_id", "card_version_id", "document", "digest", "price_minor", "currency", "sent_at")


def put_up(apps, editor):
    refuse_edits(editor, OFFER, SENT, "", "An order form that was sent is never edited.")


def remove(apps, editor):
    take_down(editor, OFFER)


class Migration(migrations.Migration):

    dependencies = [
        ('procurement', '0007_saved_searches'),
    ]

    operations = [
        migrations.CreateModel(
            name='CallOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('title', models.CharField(max_length=250)),
                ('route', models.CharField(choices=[('direct_award', 'Direct award'), ('competition', 'Further competition')], max_length=12)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('approved', 'Approved'), ('out', 'Out to suppliers'), ('closed', 'Closed to tenders'), ('evaluating', 'Being evaluated'), ('evaluated', 'Evaluated'), ('intention', 'Intention to award'), ('awarded', 'Awarded'), ('contracted', 'Contracted'), ('cancelled', 'Cancelled'), ('unsuccessful', 'Unsuccessful')], default='draft', max_length=12)),
                ('terms', models.JSONField(default=dict)),
                ('ocid', models.CharField(max_length=60, unique=True)),
                ('actor', models.CharField(max_length=120)),
                ('outcomes_minor', models.BigIntegerField(default=0, help_text='The most that is paid for outcomes beside: the cap of its plan.')),
                ('approved_minor', models.BigIntegerField(blank=True, null=True)),
                ('approved_by', models.CharField(blank=True, max_length=120)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('went_out_at', models.DateTimeField(blank=True, null=True)),
                ('conflicts', models.TextField(blank=True, help_text='What was said of conflicts of interest at award.')),
                ('ended_reason', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_offs', to='procurement.lot')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_offs', to='procurement.organisation')),
                ('requirement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_offs', to='procurement.requirementrevision')),
                ('snapshot', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='call_offs', to='procurement.snapshot')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CallOffPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(choices=[('owner', 'Owner'), ('approver', 'Approver'), ('assessor', 'Assessor'), ('moderator', 'Moderator')], max_length=10)),
                ('added_at', models.DateTimeField(auto_now_add=True)),
                ('call_off', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='people', to='procurement.calloff')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['call_off_id', 'part', 'id'],
            },
        ),
        migrations.CreateModel(
            name='CallOffSupplier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.appointment')),
                ('call_off', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suppliers', to='procurement.calloff')),
                ('partners', models.ManyToManyField(blank=True, related_name='+', to='procurement.partner')),
            ],
            options={
                'ordering': ['call_off_id', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Contract',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('status', models.CharField(choices=[('unsigned', 'Unsigned'), ('active', 'Active'), ('extended', 'Extended'), ('complete', 'Complete'), ('terminated', 'Terminated')], default='unsigned', max_length=10)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('value_minor', models.BigIntegerField()),
                ('maximum_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('options', models.JSONField(blank=True, default=list)),
                ('taken', models.PositiveSmallIntegerField(default=0)),
                ('identifiers', models.JSONField(blank=True, default=dict)),
                ('supplier_signed_at', models.DateTimeField(blank=True, null=True)),
                ('supplier_signed_by', models.CharField(blank=True, max_length=120)),
                ('buyer_signed_at', models.DateTimeField(blank=True, null=True)),
                ('buyer_signed_by', models.CharField(blank=True, max_length=120)),
                ('ended_on', models.DateField(blank=True, null=True)),
                ('ended_reason', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='procurement.appointment')),
                ('call_off', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='procurement.calloff')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('status', models.CharField(choices=[('sent', 'Sent'), ('viewed', 'Viewed'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('expired', 'Expired'), ('withdrawn', 'Withdrawn'), ('not_signed', 'Not signed')], default='sent', max_length=10)),
                ('document', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('price_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('actor', models.CharField(max_length=120)),
                ('sent_at', models.DateTimeField()),
                ('remind_at', models.DateTimeField()),
                ('reply_by', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(blank=True, null=True)),
                ('viewed_at', models.DateTimeField(blank=True, null=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.TextField(blank=True)),
                ('asked', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='offer', to='procurement.calloffsupplier')),
                ('call_off', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='procurement.calloff')),
                ('card_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.ratecardversion')),
            ],
            options={
                'ordering': ['call_off_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='BuyerLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('approval_from_minor', models.BigIntegerField()),
                ('organisation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='limit', to='procurement.organisation')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('approval_from_minor__gte', 0)), name='limit_not_negative')],
            },
        ),
        migrations.AddIndex(
            model_name='calloff',
            index=models.Index(fields=['organisation', 'status'], name='call_off_of_buyer'),
        ),
        migrations.AddConstraint(
            model_name='calloffperson',
            constraint=models.UniqueConstraint(fields=('call_off', 'user', 'part'), name='call_off_part_once'),
        ),
        migrations.AddConstraint(
            model_name='calloffsupplier',
            constraint=models.UniqueConstraint(fields=('call_off', 'appointment'), name='call_off_supplier_once'),
        ),
        migrations.AddConstraint(
            model_name='calloffsupplier',
            constraint=models.UniqueConstraint(fields=('call_off', 'position'), name='call_off_position_once'),
        ),
        migrations.AddConstraint(
            model_name='contract',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'terminated'), _negated=True), fields=('call_off',), name='contract_one_award'),
        ),
        migrations.AddConstraint(
            model_name='contract',
            constraint=models.CheckConstraint(condition=models.Q(('maximum_minor__gte', models.F('value_minor'))), name='contract_within_maximum'),
        ),
        migrations.AddConstraint(
            model_name='contract',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='contract_ends_after_start'),
        ),
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(fields=['status', 'reply_by'], name='offer_due'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('sent', 'viewed', 'accepted'))), fields=('call_off',), name='offer_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('reply_by__gt', models.F('sent_at'))), name='offer_window_after_sending'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('price_minor__gte', 0)), name='offer_price_not_negative'),
        ),
        migrations.RunPython(put_up, remove, elidable=False),
    ]
