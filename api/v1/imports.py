"""Imports and the operations that carry them out: a file is taken at once (202), read by the worker, followed
by progress.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.errors import Problem, fault
from api.idempotency import answered_once, key_of
from api.parameters import choice, flag, text, values
from api.schema import operation
from api.uploads import Body, JSONLinesParser, Upload
from api.views import ApiView, DetailView, ListView
from procurement.actions import operations
from procurement.actions.buyers import require_somewhere
from procurement.models import Operation
from procurement.once import fingerprint
from procurement.permissions import Action, Actor, require
from search.parameters import Parameter

KIND: Final = "import_partners"


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
    """Where files of partners are imported."""

    parser_classes = (JSONLinesParser,)
    write_parameters: ClassVar[tuple[Parameter, ...]] = (
        flag("dry_run", "Only check, and say what would change."),
        flag("partial", "Load the rows that are right where others are wrong; all or nothing otherwise."),
        text("name", "The file's own name, kept as a label.", 200, "partners.jsonl"),
    )

    @operation(
        summary="Import partners",
        answer=OperationSerializer,
        status=202,
        body={JSONLinesParser.media_type: {"type": "string", "format": "binary"}},
        scope="imports:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/imports/?dry_run=true' "
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/x-ndjson' --data-binary '@partners.jsonl'",
    )
    def post(self, request: Request) -> Response:
        """Takes a file of JSON Lines, one partner a line, and answers with the operation that reads it.

        All or nothing: a file with an error changes nothing, and the operation's problem names every row and
        field.
        """
        actor = signed_in(request)
        options = values(request.GET, self.write_parameters)
        require(actor, operations.KINDS[KIND])
        key_of(request)
        body: object = request.data
        if not isinstance(body, Body):
            raise Problem(
                400, "The body is empty.", errors=[fault("empty", "Send the file as the body.", pointer="")]
            )
        name = options.pop("name", "partners.jsonl")
        with body.received() as upload:
            said = fingerprint(request.META.get("QUERY_STRING", "").encode(), upload.digest.encode())
            return answered_once(request, actor.reference, said, lambda: _begun(actor, upload, name, options))


def _begun(actor: Actor, upload: Upload, name: str, options: dict[str, Any]) -> Response:
    begun = operations.start_import(actor, KIND, upload.chunks(), name, options)
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
