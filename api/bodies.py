"""Bodies that serializers read: what they do not know is refused by name, at every depth.

Between the parser and a view: `read_body` gives the checked values or a 400 with a JSON pointer for each fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from rest_framework import serializers
from rest_framework.request import Request

from api.errors import Problem, fault

Asked = TypeVar("Asked", bound="Body")


WRITTEN: Final = (serializers.IntegerField, serializers.DecimalField, serializers.DateField)


class Body(serializers.Serializer[Any]):
    """The fields of an object that is sent; any other is a fault (`unknown_field`)."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = ", ".join(self.fields)
            unknown = {
                name: [
                    serializers.ErrorDetail(
                        f"There is no field {name[:80]}; there are {known}.", "unknown_field"
                    )
                ]
                for name in data
                if name not in self.fields
            }
            if unknown:
                raise serializers.ValidationError(unknown)
            self._refuse_other_digits(data)
        return super().to_internal_value(data)

    def _refuse_other_digits(self, data: Mapping[str, Any]) -> None:
        """Numbers and days are written with 0 to 9: Python reads those of every script."""
        wrong: dict[str, Any] = {}
        for name, field in self.fields.items():
            sent = data.get(name)
            if isinstance(field, WRITTEN) and isinstance(sent, str) and not sent.isascii():
                told = str(field.error_messages["invalid"]).format(format="YYYY-MM-DD")
                wrong[name] = [serializers.ErrorDetail(told, "invalid")]
        if wrong:
            raise serializers.ValidationError(wrong)


def sent_object(request: Request) -> dict[str, Any]:
    """The body, if it is an object; raises Problem (400)."""
    if not isinstance(request.data, dict):
        raise Problem(
            400, "The body must be a JSON object.", errors=[fault("type", "Send an object.", pointer="")]
        )
    return request.data


def read_body(request: Request, kind: type[Asked]) -> dict[str, Any]:
    """What was sent, read and checked for its shape; raises Problem or ValidationError (400)."""
    body = kind(data=sent_object(request))
    body.is_valid(raise_exception=True)
    values: dict[str, Any] = body.validated_data
    return values
