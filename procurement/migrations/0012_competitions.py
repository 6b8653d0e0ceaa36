"""Further competitions: invitations, clarifications, amendments, tenders, their evaluation and letters, files.

The database refuses to edit what was published, submitted, declared or told.
"""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from procurement.guards import refuse_edits, take_down

COMPETITION = "procurement_competition"
WHOLE = {
    "procurement_amendment": (
        ("competition_id", "number", "material", "difference", "reason", "actor", "at"),
        "An amendment that was told is never edited.",
    ),
    "procurement_tenderrevision": (
        ("reference", "tender_id", "number", "document", "digest", "work_minor", "expenses_minor", "compared_minor",
         "actor", "submitted_at"),
        "A tender that was submitted is never edited.",
    ),
    "procurement_declaration": (
        ("competition_id", "user_id", "conflict", "note", "at"), "A declaration is never edited: make another."
    ),
    "procurement_outcomeletter": (
        ("reference", "tender_id", "document", "digest", "at"), "A letter that was sent is never edited."
    ),
    "procurement_ruledout": (
        ("competition_id", "appointment_id", "rule", "found", "on"), "Whom a rule kept out is never edited."
    ),
}
PUBLISHED = ("call_off_id", "rules", "document", "digest", "published_at")


def put_up(apps, editor):
    for table, (columns, sentence) in WHOLE.items():
        refuse_edits(editor, table, columns, "", sentence)
    refuse_edits(
        editor, COMPETITION, PUBLISHED, "OLD.published_at IS NOT NULL",
        "A competition that was published keeps its rules.",
    )


def remove(apps, editor):
    for table in (*WHOLE, COMPETITION):
        take_down(editor, table)


class Migration(migrations.Migration):

    dependencies = [
        ('procurement', '0011_idempotency'),
    ]

    operations = [
        migrations.CreateModel(
            name='Competition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rules', models.JSONField(default=dict)),
                ('interest_until', models.DateTimeField(blank=True, null=True)),
                ('clarify_until', models.DateTimeField(blank=True, null=True)),
                ('deadline', models.DateTimeField(blank=True, null=True)),
                ('standstill', models.BooleanField(default=False)),
                ('document', models.TextField(blank=True)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('invited_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('material', models.PositiveIntegerField(default=0)),
                ('ranking', models.JSONField(blank=True, null=True)),
                ('standstill_until', models.DateTimeField(blank=True, null=True)),
                ('call_off', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='competition', to='procurement.calloff')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Amendment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('material', models.BooleanField()),
                ('difference', models.JSONField()),
                ('reason', models.TextField()),
                ('actor', models.CharField(max_length=120)),
                ('at', models.DateTimeField()),
                ('competition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='amendments', to='procurement.competition')),
            ],
            options={
                'ordering': ['competition_id', 'number'],
            },
        ),
        migrations.CreateModel(
            name='CompetitionDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('name', models.CharField(max_length=150)),
                ('stored_as', models.CharField(max_length=120, unique=True)),
                ('media_type', models.CharField(max_length=120)),
                ('size', models.PositiveBigIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('actor', models.CharField(max_length=120)),
                ('added_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
                ('competition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='procurement.competition')),
            ],
            options={
                'ordering': ['competition_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Declaration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('conflict', models.BooleanField()),
                ('note', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('competition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='declarations', to='procurement.competition')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['competition_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('interest', models.CharField(blank=True, choices=[('asked', 'Asked'), ('yes', 'Interested'), ('no', 'Not interested')], max_length=5)),
                ('interest_at', models.DateTimeField(blank=True, null=True)),
                ('invited_at', models.DateTimeField(blank=True, null=True)),
                ('asked', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='invitation', to='procurement.calloffsupplier')),
                ('card_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.ratecardversion')),
                ('competition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='procurement.competition')),
            ],
            options={
                'ordering': ['competition_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Clarification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('number', models.PositiveIntegerField()),
                ('question', models.TextField()),
                ('actor', models.CharField(max_length=120)),
                ('asked_at', models.DateTimeField()),
                ('told', models.TextField(blank=True)),
                ('answer', models.TextField(blank=True)),
                ('answered_by', models.CharField(blank=True, max_length=120)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('competition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clarifications', to='procurement.competition')),
                ('invitation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clarifications', to='procurement.invitation')),
            ],
            options={
                'ordering': ['competition_id', 'number'],
            },
        ),
        migrations.CreateModel(
            name='RuledOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(choices=[('capability', 'Offers less than what must be had'), ('excluded', 'Its lead is excluded or suspended'), ('no_lead', 'Nobody leads it'), ('no_interest', 'Did not express interest'), ('not_appointed', 'No longer holds its place on the lot')], max_length=13)),
                ('found', models.JSONField(blank=True, default=list)),
                ('on', models.DateField()),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.appointment')),
                ('competition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ruled_out', to='procurement.competition')),
            ],
            options={
                'ordering': ['competition_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Tender',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('revision', models.PositiveIntegerField(default=1)),
                ('status', models.CharField(choices=[('invited', 'Invited'), ('viewed', 'Viewed'), ('declined', 'Declined'), ('draft', 'Being written'), ('submitted', 'Submitted'), ('withdrawn', 'Withdrawn'), ('disqualified', 'Disqualified'), ('successful', 'Successful'), ('unsuccessful', 'Unsuccessful')], default='invited', max_length=12)),
                ('draft', models.JSONField(default=dict)),
                ('confirmed', models.PositiveIntegerField(default=0)),
                ('ground', models.CharField(blank=True, max_length=20)),
                ('reason', models.TextField(blank=True)),
                ('invited_at', models.DateTimeField()),
                ('viewed_at', models.DateTimeField(blank=True, null=True)),
                ('competition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tenders', to='procurement.competition')),
                ('drafters', models.ManyToManyField(blank=True, related_name='+', to='procurement.partner')),
                ('invitation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='tender', to='procurement.invitation')),
            ],
            options={
                'ordering': ['competition_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='OutcomeLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('document', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('tender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='procurement.tender')),
            ],
            options={
                'ordering': ['tender_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='LowPriceQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('answer_by', models.DateTimeField()),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('accepted', models.BooleanField(null=True)),
                ('reason', models.TextField(blank=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('tender', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='low_price', to='procurement.tender')),
            ],
            options={
                'ordering': ['tender_id'],
            },
        ),
        migrations.CreateModel(
            name='Consensus',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('criterion', models.CharField(max_length=40)),
                ('score', models.PositiveSmallIntegerField()),
                ('reason', models.TextField()),
                ('actor', models.CharField(max_length=120)),
                ('at', models.DateTimeField()),
                ('tender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consensus', to='procurement.tender')),
            ],
            options={
                'ordering': ['tender_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Assessment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('criterion', models.CharField(max_length=40)),
                ('score', models.PositiveSmallIntegerField()),
                ('note', models.TextField()),
                ('at', models.DateTimeField()),
                ('assessor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='procurement.tender')),
            ],
            options={
                'ordering': ['tender_id', 'criterion', 'id'],
            },
        ),
        migrations.CreateModel(
            name='TenderFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('name', models.CharField(max_length=150)),
                ('stored_as', models.CharField(max_length=120, unique=True)),
                ('media_type', models.CharField(max_length=120)),
                ('size', models.PositiveBigIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('actor', models.CharField(max_length=120)),
                ('added_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('part', models.CharField(choices=[('quality', 'Quality'), ('price', 'Price')], max_length=7)),
                ('tender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='procurement.tender')),
            ],
            options={
                'ordering': ['tender_id', 'id'],
            },
        ),
        migrations.CreateModel(
            name='TenderRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$', 'A reference holds letters, digits, dots, hyphens, underscores and tildes.')])),
                ('number', models.PositiveIntegerField()),
                ('document', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('work_minor', models.BigIntegerField()),
                ('expenses_minor', models.BigIntegerField()),
                ('compared_minor', models.BigIntegerField()),
                ('actor', models.CharField(max_length=120)),
                ('submitted_at', models.DateTimeField()),
                ('tender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='procurement.tender')),
            ],
            options={
                'ordering': ['tender_id', 'number'],
            },
        ),
        migrations.AddField(
            model_name='tender',
            name='current',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='procurement.tenderrevision'),
        ),
        migrations.AddIndex(
            model_name='competition',
            index=models.Index(fields=['deadline'], name='competition_due'),
        ),
        migrations.AddIndex(
            model_name='competition',
            index=models.Index(fields=['interest_until'], name='competition_interest_due'),
        ),
        migrations.AddConstraint(
            model_name='amendment',
            constraint=models.UniqueConstraint(fields=('competition', 'number'), name='amendment_once'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.UniqueConstraint(fields=('competition', 'number'), name='clarification_once'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.CheckConstraint(condition=models.Q(('answered_at', None), models.Q(('answer', ''), _negated=True), _connector='OR'), name='clarification_answer_says_something'),
        ),
        migrations.AddConstraint(
            model_name='ruledout',
            constraint=models.UniqueConstraint(fields=('competition', 'appointment'), name='ruled_out_once'),
        ),
        migrations.AddConstraint(
            model_name='consensus',
            constraint=models.UniqueConstraint(fields=('tender', 'criterion'), name='consensus_once'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.UniqueConstraint(fields=('tender', 'criterion', 'assessor'), name='assessment_once'),
        ),
        migrations.AddConstraint(
            model_name='tenderrevision',
            constraint=models.UniqueConstraint(fields=('tender', 'number'), name='tender_revision_once'),
        ),
        migrations.AddConstraint(
            model_name='tenderrevision',
            constraint=models.CheckConstraint(condition=models.Q(('compared_minor__gt', 0)), name='tender_price_positive'),
        ),
        migrations.AddConstraint(
            model_name='tender',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'successful')), fields=('competition',), name='tender_one_successful'),
        ),
        migrations.AddConstraint(
            model_name='tender',
            constraint=models.CheckConstraint(condition=models.Q(('current__isnull', False), models.Q(('status__in', ('submitted', 'successful', 'unsuccessful')), _negated=True), _connector='OR'), name='tender_submitted_has_content'),
        ),
        migrations.RunPython(put_up, remove, elidable=False),
    ]
