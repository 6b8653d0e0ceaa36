"""The library of outcomes that can be counted: read by anybody, added to by buyers, never edited."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of
from api.parameters import reference, values
from api.schema import operation
from api.v1.outcome_shapes import MeasureSerializer, NewMeasureSerializer
from api.views import DetailView, ListView
from procurement.actions.outcome_plans import MeasureDraft, add_measure
from procurement.models import Measure
from search.parameters import Parameter

SAID: Final = ("name", "definition", "data_source", "unit")


class MeasureList(ListView):
    """Measures by name."""

    serializer_class = MeasureSerializer
    filters: ClassVar[tuple[Parameter, ...]] = (
        reference("organisation", "Only those that this buyer added.", "leeds-city-council"),
    )

    def rows(self, request: Request) -> QuerySet[Measure]:
        return Measure.objects.select_related("organisation").order_by("name", "reference")

    def narrowed(self, rows: QuerySet[Measure], asked: dict[str, Any]) -> QuerySet[Measure]:
        return rows.filter(**{f"{name}__reference": value for name, value in asked.items()})

    @operation(
        summary="Outcomes that can be counted",
        answer=MeasureSerializer,
        listed=True,
        headers=("validator",),
        example="/api/v1/measures/",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @operation(
        summary="Add an outcome to the library",
        answer=MeasureSerializer,
        status=201,
        body={"application/json": NewMeasureSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/measures/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d \'{"name": "In work", "definition": "In paid work for 26 weeks.", '
        '"data_source": "Payroll returns.", "unit": "a person"}\'',
    )
    def post(self, request: Request) -> Response:
        """By a buyer, for everybody to use; everybody reads it, so it holds nothing that is the buyer's own."""
        actor = signed_in(request)
        values(request.GET, ())
        body = object_of(request, (*SAID, "organisation"))
        draft = MeasureDraft(
            name=body.get("name", ""),
            definition=body.get("definition", ""),
            data_source=body.get("data_source", ""),
            unit=body.get("unit", ""),
            organisation=text_of(body, "organisation"),
        )

        def act() -> Response:
            row = add_measure(actor, draft)
            place = reverse("api:measure", args=[row.reference])
            return Response(MeasureSerializer(row).data, status=201, headers={"Location": place})

        return done_once(request, actor.reference, act)


class MeasureDetail(DetailView):
    """One measure."""

    serializer_class = MeasureSerializer

    def rows(self, request: Request) -> QuerySet[Measure]:
        return Measure.objects.select_related("organisation")

    @operation(
        summary="An outcome that can be counted",
        answer=MeasureSerializer,
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/measures/$MEASURE/"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))
