"""Evidence of a claim for outcomes as a file: handed in as a form by the lead supplier, fetched like any other."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.conditional import revision_meant
from api.schema import operation
from api.uploads import FileParser, Form
from api.v1.claim_shapes import ClaimSerializer
from api.v1.claims import MOVED, seen_by, shown_claim
from api.v1.files import FORM, form_schema, handed_in
from api.views import ApiView, one_of
from procurement.actions.files import add_claim_file


class ClaimFiles(ApiView):
    """The files of a claim."""

    parser_classes = (FileParser,)
    varies = True

    @operation(
        summary="Put a file with a claim as evidence",
        answer=ClaimSerializer,
        status=201,
        body={FORM: form_schema()},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/claims/$CLAIM/files/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" -F \'file=@returns.txt\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead supplier, until the claim is verified or rejected. Its content must be what the ending of its
        name says. Both sides and the bodies that pay read it. Answers the claim.
        """

        def act(form: Form) -> Response:
            row = one_of(seen_by(request), reference)
            revision = revision_meant(request)
            made = add_claim_file(signed_in(request), row.reference, revision, form.name, form.chunks())
            return shown_claim(request, made.claim_id, 201)

        return handed_in(request, (), act)
