"""Bodies by which frameworks, lots, specialisms and grades are made and changed: serializers computed from the table of
procurement/framework_fields.py, which reads what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from rest_framework import serializers

from procurement.actions.framework_edits import MOVES
from procurement.framework_fields import AS_FRAMEWORK, AS_GRADE, AS_LOT, AS_SPECIALISM, Field
from procurement.models.base import REFERENCE_LENGTH

Made = type[serializers.Serializer[Any]]
Options = dict[str, Any]


def _text(field: Field, options: Options) -> Any:
    return serializers.CharField(max_length=field.longest, allow_blank=not field.required, **options)


def _day(field: Field, options: Options) -> Any:
    return serializers.DateField(allow_null=not field.required, **options)


def _amount(field: Field, options: Options) -> Any:
    return serializers.CharField(allow_null=True, **options)


def _whole(field: Field, options: Options) -> Any:
    return serializers.IntegerField(
        min_value=1, max_value=field.longest, allow_null=not field.required, **options
    )


SHAPES: Final[dict[str, Callable[[Field, Options], Any]]] = {
    "line": _text,
    "lines": _text,
    "choice": lambda field, options: serializers.ChoiceField(choices=_known(field), **options),
    "choices": lambda field, options: serializers.ListField(
        child=serializers.ChoiceField(choices=_known(field)), **options
    ),
    "flag": lambda _, options: serializers.BooleanField(**options),
    "day": _day,
    "pence": _amount,
    "per_cent": _amount,
    "whole": _whole,
    "codes": lambda _, options: serializers.ListField(child=serializers.CharField(), **options),
}
"""What a field looks like in a body, by its kind."""


def _known(field: Field) -> list[tuple[str, str]]:
    return list((field.choices or {}).items())


def _body(name: str, told: str, table: Mapping[str, Field], *, new: bool, place: str = "") -> Made:
    """The serializer of a body: everything for what is `new`, which names its `place`, else what may change."""
    fields: dict[str, Any] = {}
    if place:
        fields[place] = serializers.CharField(max_length=REFERENCE_LENGTH, help_text="By its reference.")
    for known, field in table.items():
        if field.fixed and not new:
            continue
        needed = new and (field.required or field.kind == "choice")
        options = {"required": needed, "help_text": f"{field.label}. {field.hint}".strip()}
        fields[known] = SHAPES[field.kind](field, options)
    return cast("Made", type(name, (serializers.Serializer,), {"__doc__": told, **fields}))


ANEW: Final = "What is said anew; a field that is not sent stays."
NewFramework: Final = _body("NewFramework", "A framework to make, without lots.", AS_FRAMEWORK, new=True)
FrameworkChanges: Final = _body("FrameworkChanges", ANEW, AS_FRAMEWORK, new=False)
NewLot: Final = _body(
    "NewLot", "A lot to make, the last of its framework.", AS_LOT, new=True, place="framework"
)
LotChanges: Final = _body("LotChanges", ANEW, AS_LOT, new=False)
NewSpecialism: Final = _body(
    "NewSpecialism", "A specialism to make, the last of its lot.", AS_SPECIALISM, new=True, place="lot"
)


class MoveLot(serializers.Serializer[Any]):
    """Where a lot is moved: one place towards the first or the last."""

    to = serializers.ChoiceField(choices=MOVES)


SpecialismChanges: Final = _body("SpecialismChanges", ANEW, AS_SPECIALISM, new=False)
NewGrade: Final = _body("NewGrade", "A grade to make.", AS_GRADE, new=True, place="lot")
GradeChanges: Final = _body("GradeChanges", ANEW, AS_GRADE, new=False)
