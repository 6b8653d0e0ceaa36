"""The steps of the demonstration's contracts, on either route, by the words that fixtures name them by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from procurement.actions.contracts import (
    complete_contract,
    extend_contract,
    sign_contract,
    terminate_contract,
)
from procurement.actions.demo_cast import Cast
from procurement.models import CallOff, Contract

ENDED: Final = "The partner that held the data withdrew it, and without it nothing can be measured."


def _contract(call_off: CallOff) -> Contract:
    return call_off.contracts.select_related("appointment").latest("pk")


def _sign_supplier(cast: Cast, call_off: CallOff) -> object:
    contract = _contract(call_off)
    return sign_contract(cast.lead(contract.appointment), contract.reference, contract.revision)


def _sign_buyer(cast: Cast, call_off: CallOff) -> object:
    contract = _contract(call_off)
    return sign_contract(cast.editor, contract.reference, contract.revision)


def _extend(cast: Cast, call_off: CallOff) -> object:
    contract = _contract(call_off)
    return extend_contract(cast.editor, contract.reference, contract.revision)


def _complete(cast: Cast, call_off: CallOff) -> object:
    contract = _contract(call_off)
    return complete_contract(cast.editor, contract.reference, contract.revision)


def _terminate(cast: Cast, call_off: CallOff) -> object:
    contract = _contract(call_off)
    return terminate_contract(cast.editor, contract.reference, contract.revision, ENDED)


CONTRACT_STEPS: Final[dict[str, Callable[[Cast, CallOff], object]]] = {
    "sign_supplier": _sign_supplier,
    "sign_buyer": _sign_buyer,
    "extend": _extend,
    "complete": _complete,
    "terminate": _terminate,
}
