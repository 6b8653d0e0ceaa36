"""Frameworks, lots, specialisms and grades as whoever keeps them makes, changes and takes them away.

Every change walks: the view -> Idempotency-Key, on a POST -> If-Match (the framework's revision, which counts for all
of its parts) -> procurement/actions/framework_edits.py -> one event; it answers the object with the ETag for the next
change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of
from api.conditional import revision_meant
from api.parameters import values
from api.schema import operation
from api.v1.framework_bodies import (
    FrameworkChanges,
    GradeChanges,
    LotChanges,
    MoveLot,
    NewFramework,
    NewGrade,
    NewLot,
    NewSpecialism,
    SpecialismChanges,
)
from api.v1.frameworks import (
    FrameworkDetail,
    FrameworkList,
    FrameworkSerializer,
    GradeDetail,
    GradeList,
    GradeSerializer,
    LotDetail,
    LotList,
    LotSerializer,
    SpecialismDetail,
    SpecialismList,
    SpecialismSerializer,
)
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.framework_edits import (
    add_grade,
    add_lot,
    add_specialism,
    create_framework,
    edit_framework,
    edit_grade,
    edit_lot,
    edit_specialism,
    move_lot,
    remove_grade,
    remove_lot,
    remove_specialism,
)
from procurement.models import Framework, Grade, Lot, Specialism
from procurement.permissions import Actor
from procurement.querysets import LotQuerySet

CHANGED: Final = (404, 412, 422, 428)
REMOVED: Final = (404, 409, 412, 428)
Part = TypeVar("Part", Lot, Specialism, Grade)
Say = Callable[[Actor, str, int, Mapping[str, Any]], object]


def framework_of(row: Any) -> Framework:
    """The framework that a row is or belongs to."""
    if isinstance(row, Framework):
        return row
    found: Framework = row.framework if isinstance(row, Lot) else row.lot.framework
    return found


def made(view: ListView, request: Request, key: int, name: str) -> Response:
    """What a POST answers: the row as a list shows it."""
    row = view.rows(request).get(pk=key)
    place = reverse(f"api:{name}", args=[row.reference])
    return answered(view.serializer_class(row).data, framework_of(row).revision, place, 201)


def changed(view: DetailView, request: Request, reference: str, edit: Say) -> Response:
    """Changes the row by an action, and shows it."""
    actor = signed_in(request)
    row: Any = view.found(request, reference)
    revision = revision_meant(request)
    body = object_of(request)
    with malformed_told():
        edit(actor, row.reference, revision, body)
    return view.shown(request, view.found(request, reference))


def removed(
    view: DetailView, request: Request, reference: str, remove: Callable[[Actor, str, int], None]
) -> Response:
    """Takes the row away by an action."""
    actor = signed_in(request)
    row: Any = view.found(request, reference)
    remove(actor, row.reference, revision_meant(request))
    return Response(status=204)


def added(
    view: ListView,
    request: Request,
    place: tuple[str, type[Framework] | type[Lot]],
    add: Callable[[Actor, str, int, Mapping[str, Any]], Part],
    what: str,
) -> Response:
    """Makes a part (`what`) of the place that the body names, once for its Idempotency-Key."""
    actor = signed_in(request)
    values(request.GET, ())
    name, model = place
    body = object_of(request)
    where = text_of(body, name) or ""

    def once() -> Response:
        held = model._default_manager.filter(reference=where.lower()).first()
        revision = revision_meant(request)
        said = {field: value for field, value in body.items() if field != name}
        return made(view, request, add(actor, held.reference if held else where, revision, said).pk, what)

    return done_once(request, actor.reference, once)


class Keeping(DetailView):
    """Details whose ETag is of the framework's revision."""

    def shown(self, request: Request, row: Any) -> Response:
        answer = super().shown(request, row)
        self.revision = framework_of(row).revision
        return answer


class FrameworkKeeping(FrameworkList):
    """Every framework, and a new one."""

    @operation(
        summary="Make a framework",
        answer=FrameworkSerializer,
        status=201,
        body={"application/json": NewFramework},
        scope="frameworks:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/frameworks/' "
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d \'{"reference": "cx-demo-02", "number": "CX-DEMO-02", "name": "Later advice", "owner": "commons-exchange", '
        '"status": "coming", "starts_on": "2030-02-02", "ends_on": "2034-02-01", "regime": "pa2023", '
        '"region_scheme": "ITL2025", "rate_unit": "day"}\'',
    )
    def post(self, request: Request) -> Response:
        """By an administrator of the owner that it names, or of an operator. It gets its lots by `/api/v1/lots/`."""
        actor = signed_in(request)
        values(request.GET, ())
        body = object_of(request)

        def once() -> Response:
            return made(self, request, create_framework(actor, body).pk, "framework")

        return done_once(request, actor.reference, once)


class FrameworkKept(FrameworkDetail):
    """One framework."""

    @operation(
        summary="Change a framework",
        answer=FrameworkSerializer,
        body={"application/json": FrameworkChanges},
        scope="frameworks:write",
        headers=("If-Match",),
        problems=CHANGED,
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/frameworks/rm6309/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" '
        "-H 'Content-Type: application/json' -d '{\"nickname\": \"MCF4\"}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """By an administrator of its owner, or of an operator. 422 where call-offs or offers rest on what is to
        change.
        """
        return changed(self, request, reference, edit_framework)


class LotKeeping(LotList):
    """Lots, and a new one."""

    @operation(
        summary="Make a lot",
        answer=LotSerializer,
        status=201,
        body={"application/json": NewLot},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=CHANGED,
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/lots/' "
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' "
        '-d \'{"framework": "rm6309", "number": "11", "name": "Later advice", "competition": true, '
        '"work_types": ["advice"]}\'',
    )
    def post(self, request: Request) -> Response:
        """By an administrator of the framework's owner, or of an operator. `If-Match` is of the framework or anything
        else of its framework.
        """
        return added(self, request, ("framework", Framework), add_lot, "lot")


class LotKept(Keeping, LotDetail):
    """One lot."""

    @operation(
        summary="Change a lot",
        answer=LotSerializer,
        body={"application/json": LotChanges},
        scope="frameworks:write",
        headers=("If-Match",),
        problems=CHANGED,
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/lots/$LOT/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" '
        "-H 'Content-Type: application/json' -d '{\"name\": \"Health and social care\"}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """By an administrator of the framework's owner, or of an operator. Its number stays."""
        return changed(self, request, reference, edit_lot)

    @operation(
        summary="Take a lot away",
        answer=None,
        status=204,
        scope="frameworks:write",
        headers=("If-Match",),
        problems=REMOVED,
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/lots/$LOT/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """With its specialisms and grades, while no places, call-offs, rates, applications or requirements rest on it;
        else 409 says what does.
        """
        return removed(self, request, reference, remove_lot)


class LotMove(ApiView):
    """Another place of a lot among those of its framework."""

    tagged = False

    @operation(
        summary="Move a lot up or down",
        answer=LotSerializer,
        body={"application/json": MoveLot},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=(404, 409, 412, 422, 428),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/lots/rm6309~7/move/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{\"to\": \"up\"}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an administrator of the framework's owner, or of an operator: one place, as lots are listed. 409 for the
        first that is to move up and the last that is to move down.
        """
        actor = signed_in(request)
        body = object_of(request, ("to",))

        def once() -> Response:
            values(request.GET, ())
            lots = LotQuerySet(Lot).told()
            row = one_of(lots, reference)
            move_lot(actor, row.reference, revision_meant(request), text_of(body, "to"))
            shown = lots.get(pk=row.pk)
            place = reverse("api:lot", args=[row.reference])
            return answered(LotSerializer(shown).data, framework_of(shown).revision, place)

        return done_once(request, actor.reference, once)


class SpecialismKeeping(SpecialismList):
    """Specialisms, and a new one."""

    @operation(
        summary="Make a specialism",
        answer=SpecialismSerializer,
        status=201,
        body={"application/json": NewSpecialism},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=CHANGED,
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/specialisms/' "
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' "
        '-d \'{"lot": "rm6309~7", "number": "99", "name": "Foresight", "cpv": ["79410000"]}\'',
    )
    def post(self, request: Request) -> Response:
        """By an administrator of the framework's owner, or of an operator. `If-Match` is of the lot or anything else
        of its framework.
        """
        return added(self, request, ("lot", Lot), add_specialism, "specialism")


class SpecialismKept(Keeping, SpecialismDetail):
    """One specialism."""

    @operation(
        summary="Change a specialism",
        answer=SpecialismSerializer,
        body={"application/json": SpecialismChanges},
        scope="frameworks:write",
        headers=("If-Match",),
        problems=CHANGED,
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/specialisms/$SPECIALISM/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" '
        "-H 'Content-Type: application/json' -d '{\"cpv\": [\"79410000\"]}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """By an administrator of the framework's owner, or of an operator. Its number stays."""
        return changed(self, request, reference, edit_specialism)

    @operation(
        summary="Take a specialism away",
        answer=None,
        status=204,
        scope="frameworks:write",
        headers=("If-Match",),
        problems=REMOVED,
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/specialisms/$SPECIALISM/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """While no offers, applications or requirements rest on it; else 409 says what does."""
        return removed(self, request, reference, remove_specialism)


class GradeKeeping(GradeList):
    """Grades, and a new one."""

    @operation(
        summary="Make a grade",
        answer=GradeSerializer,
        status=201,
        body={"application/json": NewGrade},
        scope="frameworks:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=CHANGED,
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/grades/' "
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' "
        '-d \'{"lot": "rm6309~7", "code": "G7", "name": "Chief adviser", "rank": 7}\'',
    )
    def post(self, request: Request) -> Response:
        """By an administrator of the framework's owner, or of an operator. `If-Match` is of the lot or anything else
        of its framework.
        """
        return added(self, request, ("lot", Lot), add_grade, "grade")


class GradeKept(Keeping, GradeDetail):
    """One grade."""

    @operation(
        summary="Change a grade",
        answer=GradeSerializer,
        body={"application/json": GradeChanges},
        scope="frameworks:write",
        headers=("If-Match",),
        problems=CHANGED,
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/grades/$GRADE/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" '
        "-H 'Content-Type: application/json' -d '{\"name\": \"Adviser\"}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """By an administrator of the framework's owner, or of an operator. Its code stays."""
        return changed(self, request, reference, edit_grade)

    @operation(
        summary="Take a grade away",
        answer=None,
        status=204,
        scope="frameworks:write",
        headers=("If-Match",),
        problems=REMOVED,
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/grades/$GRADE/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """While no rate cards or requirements rest on it; else 409 says what does."""
        return removed(self, request, reference, remove_grade)
