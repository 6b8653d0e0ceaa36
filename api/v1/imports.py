"""Imports and the operations that carry them out: a file is taken at once (202), read by the worker, followed
by progress.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.errors import Problem, fault
from api.existing import existing
from api.idempotency import answered_once, key_of
from api.parameters import choice, flag, reference, text, values
from api.schema import operation
from api.uploads import Body, Form, JSONLinesParser, SheetParser, Upload, form_of
from api.v1.files import form_schema
from api.views import ApiView, DetailView, ListView
from procurement.actions import operations
from procurement.actions.buyers import require_somewhere
from procurement.models import Operation, RateCard
from procurement.once import fingerprint
from procurement.permissions import Action, Actor, require
from procurement.pricing import CURRENCIES, UNITS
from search.parameters import BadParameters, Parameter, ParameterFault

PARTNERS, RATES = "partners", "rates"
KINDS: Final = {PARTNERS: "import_partners", RATES: "import_rates"}
"""The kind of operation by what a file holds."""
FORM: Final = SheetParser.media_type
HEADING: Final = 200
OF_BOTH: Final = frozenset({"dry_run", "partial"})
OF_PARTNERS: Final = frozenset({"name"})
OF_RATES: Final = frozenset(
    {"framework", "map", "sheet", "currency", "unit", "basis", "create_suppliers", "strict"}
)


class OperationSerializer(serializers.ModelSerializer[Operation]):
    """Work that outlives its request: `result` once it has succeeded, `problem` once it has failed."""

    status = serializers.ChoiceField(choices=Operation.Status.choices)
    cancellable = serializers.SerializerMethodField(help_text="Whether DELETE can still stop it.")
    done = serializers.IntegerField(
        min_value=0,
        help_text="How many rows of the file (of an evidence pack: steps) are done with, refused ones too; half while "
        "judged.",
    )
    total = serializers.IntegerField(
        allow_null=True, help_text="How many there are in all; null until that is known."
    )
    result = serializers.DictField(allow_null=True)
    problem = serializers.DictField(allow_null=True)

    class Meta:
        model = Operation
        fields: ClassVar[list[str]] = [
            "reference", "kind", "status", "cancellable", "done", "total", "result", "problem", "created_at",
            "started_at", "finished_at",
        ]  # fmt: skip

    def get_cancellable(self, operation: Operation) -> bool:
        going = {Operation.Status.QUEUED, Operation.Status.RUNNING}
        return operation.cancellable and operation.status in going


class ImportList(ApiView):
    """Where files of partners and of rates are imported."""

    parser_classes = (JSONLinesParser, SheetParser)
    write_parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "kind",
            "What the file holds: partners (JSON Lines, as the body) or rates (CSV or XLSX, as the part `file` of "
            "a form).",
            {"type": "string", "enum": list(KINDS), "default": PARTNERS},
        ),
        flag("dry_run", "Only check, and say what would change."),
        flag("partial", "Load the rows that are right where others are wrong; all or nothing otherwise."),
        text("name", "Of partners: the file's own name, kept as a label.", 200, "partners.jsonl"),
        reference("framework", "Of rates, needed: the framework that they are of.", "rm6309"),
        Parameter(
            "map",
            "Of rates: a field and the heading that it stands under, where the two differ in name.",
            {"type": "string", "maxLength": HEADING, "pattern": r"^[a-z_]+=.*\S"},
            repeated=True,
            example="price=Day rate",
        ),
        text("sheet", "Of rates: the worksheet, where several hold something.", HEADING),
        choice("currency", "Of rates: their currency, pounds unless it is stated.", CURRENCIES),
        choice("unit", "Of rates: what a rate is for, as the framework has it unless it is stated.", UNITS),
        choice(
            "basis",
            "Of rates: illustrative ones are no offer; published unless stated.",
            RateCard.Basis.values,
        ),
        flag(
            "create_suppliers",
            "Of rates: make the suppliers that there are not; their rows are wrong otherwise.",
        ),
        flag("strict", "Of rates: refuse what is odd, such as £6 a day, which is only told otherwise."),
    )

    @operation(
        summary="Import partners or rate cards",
        answer=OperationSerializer,
        status=202,
        body={JSONLinesParser.media_type: {"type": "string", "format": "binary"}, FORM: form_schema()},
        scope="imports:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/imports/?dry_run=true' "
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/x-ndjson' --data-binary '@partners.jsonl'",
    )
    def post(self, request: Request) -> Response:
        """Takes a file of JSON Lines, one partner a line, or a sheet of rates, one rate a row, and answers with the
        operation that reads it. A supplier's rates that the sheet leaves out are withdrawn, where its card begins on a
        later day from then on: `begins_on` of each card and line in the result. `card` of each card has what changes
        about it as a whole, its `basis` and its days, with `before` and `after`.

        All or nothing: a file with an error changes nothing, and the operation's problem names every row and
        field (of a sheet: cell).
        """
        actor = signed_in(request)
        _none_empty(request.GET, self.write_parameters)
        options = values(request.GET, self.write_parameters)
        kind = options.pop("kind", PARTNERS)
        require(actor, operations.KINDS[KINDS[kind]])
        wanted = _of_kind(kind, options)
        key_of(request)
        if kind == RATES:
            form = form_of(request, ())
            said = fingerprint(_query(request), form.name.encode(), form.digest.encode())
            return answered_once(
                request, actor.reference, said, lambda: _begun(actor, kind, form, form.name, wanted)
            )
        # A body without a byte is parsed by nobody, whatever it is told to be.
        if not request.content_type.lower().startswith(JSONLinesParser.media_type):
            raise UnsupportedMediaType(request.content_type)
        body: object = request.data
        if not isinstance(body, Body):
            raise Problem(
                400, "The body is empty.", errors=[fault("empty", "Send the file as the body.", pointer="")]
            )
        name = wanted.pop("name", "partners.jsonl")
        with body.received() as upload:
            said = fingerprint(_query(request), upload.digest.encode())
            return answered_once(
                request, actor.reference, said, lambda: _begun(actor, kind, upload, name, wanted)
            )


def _none_empty(query: QueryDict, table: Sequence[Parameter]) -> None:
    """Raises BadParameters for a flag without a value, elsewhere one that is not given: `dry_run=` is not to load."""
    flags = [one.name for one in table if one.schema["type"] == "boolean"]
    empty = [name for name in flags if any(not text.strip() for text in query.getlist(name))]
    if empty:
        raise BadParameters([ParameterFault(name, "shape", "Write true or false.") for name in empty])


def _query(request: Request) -> bytes:
    return str(request.META.get("QUERY_STRING", "")).encode()


def _of_kind(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the import of that kind takes them. Raises BadParameters for one that is of the other kind, a
    field that is mapped twice, and rates of no known framework.
    """
    given = {name: value for name, value in options.items() if value != ()}
    others = set(given) - OF_BOTH - (OF_RATES if kind == RATES else OF_PARTNERS)
    faults = [
        ParameterFault(name, "conflict", f"An import of {kind} takes no {name}.")
        for name in given
        if name in others
    ]
    if kind == PARTNERS:
        if faults:
            raise BadParameters(faults)
        return given
    pairs = [one.partition("=") for one in given.pop("map", ())]
    headings = {name: heading.strip() for name, _between, heading in pairs}
    if len(headings) < len(pairs):
        faults.append(ParameterFault("map", "conflict", "A field stands under one heading: map it once."))
    framework = given.get("framework", "")
    if not framework:
        faults.append(ParameterFault("framework", "missing", "Say which framework the rates are of."))
    else:
        try:
            given |= existing({"framework": framework})
        except BadParameters as unknown:
            faults += unknown.faults
    if faults:
        raise BadParameters(faults)
    return given | {"headings": headings}


def _begun(actor: Actor, kind: str, upload: Upload | Form, name: str, options: dict[str, Any]) -> Response:
    begun = operations.start_import(actor, KINDS[kind], upload.chunks(), name, options)
    place = reverse("api:operation", args=[begun.reference])
    return Response(
        OperationSerializer(begun).data, status=202, headers={"Location": place, "Retry-After": "1"}
    )


class OperationList(ListView):
    """The operations of the own organisation, newest first."""

    serializer_class = OperationSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Operation.Status.values, "running"),
    )

    def rows(self, request: Request) -> QuerySet[Operation]:
        actor = signed_in(request)
        require_somewhere(actor, Action.SEE_OPERATION)
        return operations.visible(actor).order_by("-pk")

    def narrowed(self, rows: QuerySet[Operation], asked: dict[str, Any]) -> QuerySet[Operation]:
        return rows.filter(**asked)

    @operation(
        summary="The own operations",
        answer=OperationSerializer,
        listed=True,
        scope="imports:write",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/operations/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)


class OperationDetail(DetailView):
    """One operation."""

    serializer_class = OperationSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Operation]:
        return operations.visible(signed_in(request))

    @operation(
        summary="How far an operation is",
        answer=OperationSerializer,
        scope="imports:write",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/operations/$OPERATION/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Cancel an operation",
        answer=OperationSerializer,
        scope="imports:write",
        problems=(404, 409),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/operations/$OPERATION/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """Stops it before it writes anything; 409 once it has ended or begun to publish."""
        self.asked(request)
        return Response(OperationSerializer(operations.cancel(signed_in(request), reference)).data)
