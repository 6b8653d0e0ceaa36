"""The library of outcomes, plans with their payers, claims; the database refuses to edit a measure and a payment."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from procurement.guards import refuse_edits, take_down

KEPT = (
    (
        "procurement_measure",
        ("reference", "name", "definition", "data_source", "unit", "organisation_id", "actor", "created_at"),
        "A measure of the library is never edited: add another.",
    ),
    (
        "procurement_outcomepayment",
        ("claim_id", "payer_id", "minor", "paid_at"),
        "A payment is never edited.",
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
        ('procurement', '0009_joining'),
    ]

    operations = [
        migrations.CreateModel(
            name='Measure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('name', models.CharField(max_length=200)),
                ('definition', models.TextField()),
                ('data_source', models.TextField()),
                ('unit', models.CharField(help_text='What is counted, such as a person in work for 26 weeks.', max_length=80)),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measures', to='procurement.organisation')),
            ],
            options={
                'ordering': ['name', 'reference'],
            },
        ),
        migrations.CreateModel(
            name='OutcomePlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('proposed', "Waiting for the payers' approval"), ('agreed', 'Agreed')], default='draft', max_length=10)),
                ('suitability', models.JSONField(default=dict)),
                ('long_stop_on', models.DateField(blank=True, null=True)),
                ('cap_minor', models.BigIntegerField(default=0)),
                ('actor', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('call_off', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='outcome_plan', to='procurement.calloff')),
                ('investor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invested', to='procurement.organisation')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='OutcomeMeasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('baseline', models.PositiveIntegerField()),
                ('target', models.PositiveIntegerField()),
                ('price_minor', models.BigIntegerField()),
                ('most', models.PositiveIntegerField()),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='measures', to='procurement.outcomeplan')),
                ('measure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.measure')),
            ],
            options={
                'ordering': ['plan_id', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('status', models.CharField(choices=[('submitted', 'Submitted'), ('verified', 'Verified'), ('rejected', 'Rejected'), ('paid', 'Paid')], default='submitted', max_length=10)),
                ('count', models.PositiveIntegerField()),
                ('counted', models.PositiveIntegerField(default=0)),
                ('amount_minor', models.BigIntegerField(default=0)),
                ('first_day', models.DateField()),
                ('last_day', models.DateField()),
                ('evidence', models.TextField()),
                ('reason', models.TextField(blank=True)),
                ('claimed_by', models.CharField(max_length=120)),
                ('claimed_at', models.DateTimeField()),
                ('verified_by', models.CharField(blank=True, max_length=120)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('paid_by', models.CharField(blank=True, max_length=120)),
                ('paid_at', models.DateTimeField(blank=True, null=True)),
                ('contract', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='procurement.contract')),
                ('measure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='procurement.outcomemeasure')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Payer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('share', models.PositiveSmallIntegerField()),
                ('fund', models.CharField(blank=True, max_length=200)),
                ('pot_minor', models.BigIntegerField(blank=True, null=True)),
                ('opens_on', models.DateField(blank=True, null=True)),
                ('closes_on', models.DateField(blank=True, null=True)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('approved_by', models.CharField(blank=True, max_length=120)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.organisation')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='payers', to='procurement.outcomeplan')),
            ],
            options={
                'ordering': ['plan_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='OutcomePayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minor', models.BigIntegerField()),
                ('paid_at', models.DateTimeField()),
                ('claim', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='procurement.claim')),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='procurement.payer')),
            ],
            options={
                'ordering': ['claim_id', 'payer_id'],
            },
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(('count__gt', 0), ('last_day__gte', models.F('first_day'))), name='claim_whole'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ('verified', 'paid')), _negated=True), models.Q(('verified_by', models.F('claimed_by')), _negated=True), _connector='OR'), name='claim_verified_by_another'),
        ),
        migrations.AddConstraint(
            model_name='outcomemeasure',
            constraint=models.UniqueConstraint(fields=('plan', 'measure'), name='outcome_measure_once'),
        ),
        migrations.AddConstraint(
            model_name='outcomemeasure',
            constraint=models.CheckConstraint(condition=models.Q(('most__gt', 0), ('price_minor__gt', 0), ('target__gt', models.F('baseline'))), name='outcome_measure_worth_something'),
        ),
        migrations.AddConstraint(
            model_name='payer',
            constraint=models.UniqueConstraint(fields=('plan', 'organisation'), name='payer_once'),
        ),
        migrations.AddConstraint(
            model_name='payer',
            constraint=models.CheckConstraint(condition=models.Q(('share__gt', 0), ('share__lte', 10000)), name='payer_share'),
        ),
        migrations.AddConstraint(
            model_name='payer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closes_on', None), ('opens_on', None), ('pot_minor', None)), models.Q(('closes_on__gte', models.F('opens_on')), ('pot_minor__gt', 0)), _connector='OR'), name='payer_fund_whole'),
        ),
        migrations.AddConstraint(
            model_name='outcomepayment',
            constraint=models.UniqueConstraint(fields=('claim', 'payer'), name='outcome_payment_once'),
        ),
        migrations.AddConstraint(
            model_name='outcomepayment',
            constraint=models.CheckConstraint(condition=models.Q(('minor__gte', 0)), name='outcome_payment_not_negative'),
        ),
        migrations.RunPython(put_up, remove, elidable=False),
    ]
