"""What config/settings.py hands to the libraries behind the API: plain values, no Django import."""

from __future__ import annotations

from typing import Any, Final

from procurement.evidence.content import FORMATS
from procurement.pricing import CURRENCIES
from procurement.vocabulary import (
    ACCREDITATIONS,
    BUYER_CLASSES,
    OWNERSHIP,
    QUALIFICATIONS,
    SECTORS,
    SITES,
    SIZES,
    WORK_TYPES,
)

# Authentication, parsers, renderer and negotiation are stated by api/views.py: the library reads these
# settings while it is itself being imported, too early for modules that build on it.
REST_FRAMEWORK: Final[dict[str, Any]] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "api.schema.Schema",
    "EXCEPTION_HANDLER": "api.errors.handle",
    "URL_FORMAT_OVERRIDE": None,
    "FORMAT_SUFFIX_KWARG": None,
}

OAUTH2_PROVIDER: Final[dict[str, Any]] = {
    "SCOPES_BACKEND_CLASS": "api.auth.Scopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3_600,
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["client_credentials"],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": [],
    "PKCE_REQUIRED": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    # RFC 9700, the OAuth 2.0 security best current practice: every recommendation enforced.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}

DESCRIPTION: Final = """\
Search, price and shortlist suppliers under public sector framework agreements.

Reading is public, except for partners' contacts. Writing needs a session, or an access token that an
integration gets from `/oauth/token/` by client credentials. Every error is a problem document (RFC 9457).
Amounts are decimal strings with their currency; rates are ceilings, VAT excluded.
"""

SPECTACULAR_SETTINGS: Final[dict[str, Any]] = {
    "TITLE": "Calloff",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": True,
    "ENUM_NAME_OVERRIDES": {
        "FrameworkStatus": "procurement.models.frameworks.Framework.Status",
        "Regime": "procurement.models.frameworks.Framework.Regime",
        "RegionScheme": "procurement.models.frameworks.Region.Scheme",
        "BuyerClass": list(BUYER_CLASSES.items()),
        "Nation": "procurement.models.organisations.Organisation.Nation",
        "Capability": "procurement.models.organisations.Capability.Kind",
        "Ownership": list(OWNERSHIP.items()),
        "Size": list(SIZES.items()),
        "Sector": list(SECTORS.items()),
        "Accreditation": list(ACCREDITATIONS.items()),
        "Qualification": list(QUALIFICATIONS.items()),
        "Site": list(SITES.items()),
        "WorkType": list(WORK_TYPES.items()),
        "SupplierForm": "procurement.models.suppliers.Supplier.Form",
        "MemberRole": "procurement.models.suppliers.SupplierMember.Role",
        "PersonRole": "procurement.models.people.Membership.Role",
        "AppointmentStatus": "procurement.models.suppliers.Appointment.Status",
        "Unit": "procurement.models.rates.RateCard.Unit",
        "Basis": "procurement.models.rates.RateCard.Basis",
        "Currency": list(CURRENCIES),
        "StatedOwnership": [pair for pair in OWNERSHIP.items() if pair[0] != "not-stated"],
        "StatedSize": [pair for pair in SIZES.items() if pair[0] != "not-stated"],
        "RequirementStatus": "procurement.models.requirements.Requirement.Status",
        "ShortlistStatus": "procurement.models.shortlists.Shortlist.Status",
        "EntrySource": "procurement.models.shortlists.ShortlistEntry.Source",
        "Decision": "procurement.models.shortlists.ShortlistEntry.Decision",
        "SavedSearchStatus": "procurement.models.searches.SavedSearch.Status",
        "AlertsWanted": "procurement.models.searches.SavedSearch.Alerts",
        "AlertFrequency": "procurement.models.searches.SavedSearch.Frequency",
        "EvidenceFormat": list(FORMATS),
        "CallOffRoute": "procurement.models.call_offs.CallOff.Route",
        "CallOffStatus": "procurement.models.call_offs.CallOff.Status",
        "OfferStatus": "procurement.models.call_offs.Offer.Status",
        "TenderStatus": "procurement.models.tenders.Tender.Status",
        "TenderFilePart": "procurement.models.files.TenderFile.Part",
        "TenderInterest": "procurement.models.competitions.Invitation.Interest",
        "RuleEnum": ["must_have"],
        "EvaluationPart": ["assessor", "moderator"],
        "RuledOutBy": "procurement.models.competitions.RuledOut.Rule",
        "ContractStatus": "procurement.models.call_offs.Contract.Status",
        "WebhookStatus": "procurement.models.outbox.WebhookEndpoint.Status",
        "ChosenWebhookStatus": [("active", "Active"), ("disabled", "Disabled")],
        "DeliveryStatus": "procurement.models.outbox.Delivery.Status",
        "DeliveryChannel": "procurement.models.outbox.Delivery.Channel",
        "JoiningStatus": "procurement.models.joining.Joining.Status",
        "RateProposalStatus": "procurement.models.rate_proposals.RateProposal.Status",
        "OutcomePlanStatus": "procurement.models.outcomes.OutcomePlan.Status",
        "ClaimStatus": "procurement.models.outcomes.Claim.Status",
        "MemberInvitationStatus": "procurement.models.belonging.MemberInvitation.Status",
        "OperationStatus": "procurement.models.operations.Operation.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.schema.share_enums",
        "api.schema.forget_column_sizes",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
