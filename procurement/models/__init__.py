"""What the domain keeps: one module for each kind of knowledge."""

from procurement.models.account_mail import AccountMail
from procurement.models.audit import Chain, Event
from procurement.models.belonging import EmailDomain, MemberInvitation, MembershipRequest, Registration
from procurement.models.call_offs import (
    BuyerLimit,
    CallOff,
    CallOffPerson,
    CallOffSupplier,
    Contract,
    ContractReminder,
    Offer,
)
from procurement.models.competitions import Amendment, Clarification, Competition, Invitation, RuledOut
from procurement.models.evaluations import (
    Assessment,
    Consensus,
    Declaration,
    LowPriceQuestion,
    OutcomeLetter,
)
from procurement.models.files import ClaimFile, CompetitionDocument, TenderFile
from procurement.models.finds import DayFinds, MonthFinds
from procurement.models.frameworks import Framework, Grade, Lot, Region, RegionTwin, Specialism
from procurement.models.indicators import Indicator, IndicatorRating
from procurement.models.joining import Joining
from procurement.models.operations import Counter, IdempotencyRecord, Operation
from procurement.models.organisations import Capability, Organisation
from procurement.models.outbox import Delivery, EventAudience, InboxMessage, WebhookEndpoint
from procurement.models.outcomes import (
    Claim,
    Measure,
    OutcomeMeasure,
    OutcomePayment,
    OutcomePlan,
    Payer,
)
from procurement.models.people import Application, Membership, User
from procurement.models.public_notices import Intention, PublicNotice
from procurement.models.rate_proposals import RateProposal
from procurement.models.rates import RateCard, RateCardVersion, RateLine
from procurement.models.requirements import Match, Requirement, RequirementRevision
from procurement.models.searches import SavedSearch, SavedSearchAlert, SavedSearchMatch
from procurement.models.second_steps import RecoveryCode, SecondStep
from procurement.models.sessions import Session
from procurement.models.shortlists import Shortlist, ShortlistEntry, ShortlistNote, Snapshot
from procurement.models.suppliers import (
    Appointment,
    Offering,
    Partner,
    ProfileReview,
    ProfileVersion,
    Supplier,
    SupplierMember,
)
from procurement.models.tenders import Tender, TenderRevision

__all__ = [
    "AccountMail",
    "Amendment",
    "Application",
    "Appointment",
    "Assessment",
    "BuyerLimit",
    "CallOff",
    "CallOffPerson",
    "CallOffSupplier",
    "Capability",
    "Chain",
    "Claim",
    "ClaimFile",
    "Clarification",
    "Competition",
    "CompetitionDocument",
    "Consensus",
    "Contract",
    "ContractReminder",
    "Counter",
    "DayFinds",
    "Declaration",
    "Delivery",
    "EmailDomain",
    "Event",
    "EventAudience",
    "Framework",
    "Grade",
    "IdempotencyRecord",
    "InboxMessage",
    "Indicator",
    "IndicatorRating",
    "Intention",
    "Invitation",
    "Joining",
    "Lot",
    "LowPriceQuestion",
    "Match",
    "Measure",
    "MemberInvitation",
    "Membership",
    "MembershipRequest",
    "MonthFinds",
    "Offer",
    "Offering",
    "Operation",
    "Organisation",
    "OutcomeLetter",
    "OutcomeMeasure",
    "OutcomePayment",
    "OutcomePlan",
    "Partner",
    "Payer",
    "ProfileReview",
    "ProfileVersion",
    "PublicNotice",
    "RateCard",
    "RateCardVersion",
    "RateLine",
    "RateProposal",
    "RecoveryCode",
    "Region",
    "RegionTwin",
    "Registration",
    "Requirement",
    "RequirementRevision",
    "RuledOut",
    "SavedSearch",
    "SavedSearchAlert",
    "SavedSearchMatch",
    "SecondStep",
    "Session",
    "Shortlist",
    "ShortlistEntry",
    "ShortlistNote",
    "Snapshot",
    "Specialism",
    "Supplier",
    "SupplierMember",
    "Tender",
    "TenderFile",
    "TenderRevision",
    "User",
    "WebhookEndpoint",
]
