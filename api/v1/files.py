"""Files of competitions and tenders: handed in as a form, fetched by whoever may read them.

A name is part of what is sealed, so that it is sent in the body and stands in no address. A repeat of a form is known
by a digest of it; nothing of it is kept elsewhere (api/idempotency.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import malformed_told
from api.conditional import revision_meant, unchanged
from api.formats import StrictJSONParser
from api.idempotency import answered_once
from api.parameters import values
from api.schema import operation
from api.uploads import FileParser, Form, form_of
from api.v1.call_offs import seen_by
from api.v1.competition_shapes import DocumentSerializer
from api.v1.tender_shapes import TenderFileSerializer, TenderSerializer
from api.v1.tenders import shown_tender, tender_of, tender_seen
from api.views import ApiView, ListView, one_of
from procurement.actions.files import (
    TYPES,
    add_document,
    add_tender_file,
    opened,
    remove_document,
    remove_tender_file,
)
from procurement.models import CompetitionDocument, TenderFile
from procurement.once import fingerprint
from procurement.sealing import open_files, open_to

FORM: Final = "multipart/form-data"
FILE: Final = {"type": "string", "format": "binary", "description": "With its name."}


def form_schema(**fields: Any) -> dict[str, Any]:
    """A form with a file."""
    return {
        "type": "object",
        "required": ["file", *fields],
        "properties": {"file": FILE, **fields},
        "additionalProperties": False,
    }


def handed_in(
    request: Request,
    known: tuple[str, ...],
    act: Callable[[Form], Response],
    anew: Callable[[], Response] | None = None,
) -> Response:
    """Takes a form once for its Idempotency-Key."""
    actor = signed_in(request)
    values(request.GET, ())
    form = form_of(request, known)
    condition = str(request.META.get("HTTP_IF_MATCH", ""))
    said = [form.name, form.digest, condition, *(form.fields.get(name, "") for name in known)]
    with malformed_told():
        digest = fingerprint(*(one.encode() for one in said))
        return answered_once(request, actor.reference, digest, lambda: act(form), anew)


class Documents(ListView):
    """The documents of a call-off's competition."""

    serializer_class = DocumentSerializer
    parser_classes = (FileParser,)
    varies = True

    def rows(self, request: Request) -> QuerySet[CompetitionDocument]:
        call_off = one_of(seen_by(request), self.kwargs["reference"])
        rows = CompetitionDocument.objects.filter(competition__call_off=call_off, removed_at=None)
        return rows.order_by("pk")

    @operation(
        summary="Documents of a competition",
        answer=DocumentSerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$PUBLISHED/documents/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)

    @operation(
        summary="Put a document with a competition",
        answer=DocumentSerializer,
        status=201,
        body={FORM: form_schema()},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$PLANNED/documents/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -F \'file=@brief.txt\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Suppliers are told of it when the competition is published, or by the next amendment where it is out. Its
        content must be what the ending of its name says.
        """

        def act(form: Form) -> Response:
            call_off = one_of(seen_by(request), reference)
            made = add_document(signed_in(request), call_off.reference, form.name, form.chunks())
            return Response(DocumentSerializer(made).data, status=201)

        return handed_in(request, (), act)


class Document(ApiView):
    """A document of a competition."""

    varies = True

    @operation(
        summary="Take a document away",
        answer=None,
        status=204,
        scope="call_offs:write",
        problems=(404, 409),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/call-offs/$PLANNED/documents/$DOCUMENT/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def delete(self, request: Request, reference: str, document: str) -> Response:
        """409 once suppliers were told of it."""
        self.asked(request)
        call_off = one_of(seen_by(request), reference)
        remove_document(signed_in(request), call_off.reference, document)
        return Response(status=204)


class TenderFiles(ListView):
    """The files of a tender."""

    serializer_class = TenderFileSerializer
    parser_classes = (FileParser,)
    varies = True

    def rows(self, request: Request) -> QuerySet[TenderFile]:
        tender = tender_of(request, self.kwargs["reference"])
        return open_files(open_to(signed_in(request), tender), tender).order_by("pk")

    @operation(
        summary="Files of a tender",
        answer=TenderFileSerializer,
        listed=True,
        scope="offers:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/tenders/$TENDER/files/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """The buyer reads those that were submitted, once opened, and those of the price once every score is agreed."""
        return self.listed(request)

    @operation(
        summary="Put a file with a tender",
        answer=TenderSerializer,
        status=201,
        body={FORM: form_schema(part={"type": "string", "enum": list(TenderFile.Part.values)})},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=(404, 409, 412, 422, 428),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$TENDER/files/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" '
        "-F 'part=quality' -F 'file=@method.txt'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """It counts once the tender is submitted with it. What is of the price stays hidden until the quality is
        agreed. Answers the tender.
        """
        actor = signed_in(request)

        def act(form: Form) -> Response:
            tender = tender_seen(request, reference)
            part = form.fields.get("part")
            made = add_tender_file(
                actor,
                tender.reference,
                revision_meant(request),
                form.name,
                part,
                form.chunks(),
            )
            return shown_tender(request, made.tender_id, 201)

        return handed_in(
            request, ("part",), act, lambda: shown_tender(request, tender_seen(request, reference).pk, 201)
        )


class TenderFileDetail(ApiView):
    """A file of a tender."""

    varies = True

    @operation(
        summary="Take a file out of a draft",
        answer=TenderSerializer,
        scope="offers:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 428),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/tenders/$FILED/files/$FILE/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *"',
    )
    def delete(self, request: Request, reference: str, file: str) -> Response:
        """With what was submitted it stays. Answers the tender."""
        self.asked(request)
        tender = tender_seen(request, reference)
        remove_tender_file(signed_in(request), tender.reference, revision_meant(request), file)
        return shown_tender(request, tender.pk)


class FileContent(ApiView):
    """The bytes of a file."""

    parser_classes = (StrictJSONParser,)
    varies = True
    tagged = False

    @operation(
        summary="Download a file",
        answer={"type": "string", "format": "binary"},
        media_type="text/plain",
        files=tuple(dict.fromkeys(one for one in TYPES.values() if one != "text/plain")),
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/files/$DOCUMENT/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        """A document of a competition, a file of a tender that is open to you, or evidence of a claim; else 404, also
        for what is sealed.
        The ETag is the SHA-256 of the file. An integration of a supplier needs `offers:read`.
        """
        self.asked(request)
        row, stream = opened(signed_in(request), reference)
        with stream:
            headers = {
                "ETag": f'"{row.digest}"',
                "Cache-Control": "private, no-cache",
                "Vary": "Authorization, Cookie",
            }
            if unchanged(request, headers["ETag"]):
                return HttpResponse(status=304, headers=headers)
            # What was handed in is never shown in the browser as a page of ours.
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.name)}"
            headers["X-Content-Type-Options"] = "nosniff"
            return HttpResponse(stream.read(), content_type=row.media_type, headers=headers)
