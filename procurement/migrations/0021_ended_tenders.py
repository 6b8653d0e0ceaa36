"""What was submitted for call-offs that were cancelled or given up before tenders ended with them gets its end.

One call-off after the other, each in a transaction of its own that takes the same locks in the same order as the steps
of a tender: the service may be in use meanwhile, and a run that was broken off goes on where it stopped. Each end is in
the log, with its readers. Nobody is written to: that the call-off had ended was told at the time.
"""

from django.db import migrations, transaction
from django.db.models import Q
from django.utils import timezone

# Of today's code the log's digest alone: by whatever later version, every row must hold by it.
from procurement.actions.events import digest

BATCH = 200
ENDED = ("cancelled", "unsuccessful")
STANDING = ("submitted", "successful")


def end_tenders(apps, editor):
    """Every tender that stands in a call-off which has ended without a contract is unsuccessful, for its reason."""
    tenders = apps.get_model("procurement", "Tender").objects.filter(
        status__in=STANDING, competition__call_off__status__in=ENDED
    )
    last = 0
    while True:
        rows = tenders.filter(competition__call_off__gt=last).order_by("competition__call_off")
        found = list(rows.values_list("competition__call_off", flat=True).distinct()[:BATCH])
        for call_off in found:
            with transaction.atomic(using=editor.connection.alias):
                _end(apps, call_off)
        if not found:
            return
        last = found[-1]


def _end(apps, key):
    call_off = apps.get_model("procurement", "CallOff").objects.select_for_update().get(pk=key)
    competition = apps.get_model("procurement", "Competition").objects.select_for_update().get(call_off=key)
    if call_off.status not in ENDED:
        return
    buyer = call_off.organisation
    told = []
    standing = apps.get_model("procurement", "Tender").objects.filter(competition=competition, status__in=STANDING)
    for tender in standing.select_for_update().order_by("pk"):
        tender.status, tender.reason = "unsuccessful", call_off.ended_reason
        tender.revision += 1
        tender.save(update_fields=["status", "reason", "revision"])
        supplier = tender.invitation.asked.appointment.supplier
        references = {
            "call_off": call_off.reference,
            "supplier": supplier.reference,
            "partner": sorted(one.reference for one in tender.drafters.all()),
        }
        readers = set(_leads(apps, supplier.pk))
        if competition.closed_at is not None:
            # Before the deadline the buyer does not hear that there was one.
            references["organisation"] = buyer.reference
            readers.add(buyer.pk)
        told.append((tender.reference, references, readers))
    _record(apps, told, {"reason": call_off.ended_reason})


def _leads(apps, supplier):
    today = timezone.localdate()
    members = apps.get_model("procurement", "SupplierMember").objects.filter(
        Q(left_on=None) | Q(left_on__gt=today), supplier=supplier, role="lead", joined_on__lte=today
    )
    return members.values_list("partner__organisation", flat=True)


def _record(apps, told, changes):
    """Logs the ends; the chain's end is locked last, as everywhere."""
    if not told:
        return
    Event = apps.get_model("procurement", "Event")
    Audience = apps.get_model("procurement", "EventAudience")
    chain = apps.get_model("procurement", "Chain").objects.select_for_update().get(pk=1)
    now = timezone.now()
    for subject, references, readers in told:
        event = Event(
            position=chain.position + 1, type="tender.ended", actor="system", subject_type="tender", subject=subject,
            references=references, changes=changes, at=now, previous_hash=chain.hash,
        )  # fmt: skip
        event.hash = digest(event)
        event.save(force_insert=True)
        chain.position, chain.hash = event.position, event.hash
        Audience.objects.bulk_create(
            Audience(event_id=event.position, organisation_id=one) for one in sorted(readers)
        )
    chain.save(update_fields=["position", "hash"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("procurement", "0020_found_by_the_search")]

    operations = [migrations.RunPython(end_tenders, migrations.RunPython.noop)]
