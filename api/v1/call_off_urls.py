"""The addresses of a purchase: call-offs, their competitions and tenders, offers, contracts and what they pay for."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from api.v1 import (
    assessments,
    call_off_moves,
    call_offs,
    clarifications,
    competition_moves,
    competition_people,
    competitions,
    contracts,
    files,
    indicators,
    invitations,
    offers,
    outcome_plans,
    tenders,
)

CALL_OFFS: Final[list[URLPattern]] = [
    path("call-offs/", call_offs.CallOffList.as_view(), name="call-offs"),
    path("call-offs/<reference:reference>/", call_offs.CallOffDetail.as_view(), name="call-off"),
    path(
        "call-offs/<reference:reference>/history/",
        call_offs.CallOffHistory.as_view(),
        name="call-off-history",
    ),
    path(
        "call-offs/<reference:reference>/offers/",
        call_off_moves.CallOffOffers.as_view(),
        name="call-off-offers",
    ),
    path(
        "call-offs/<reference:reference>/outcomes/",
        outcome_plans.CallOffOutcomes.as_view(),
        name="call-off-outcomes",
    ),
    path(
        "call-offs/<reference:reference>/outcomes/propose/",
        outcome_plans.CallOffProposal.as_view(),
        name="call-off-propose",
    ),
    path(
        "call-offs/<reference:reference>/outcomes/approve-share/",
        outcome_plans.CallOffShare.as_view(),
        name="call-off-approve-share",
    ),
    *(
        path(f"call-offs/<reference:reference>/{name}/", view.as_view(), name=f"call-off-{name}")
        for name, view in (
            ("ask-approval", call_off_moves.ApprovalAsked),
            ("approve", call_off_moves.Approval),
            ("send-back", call_off_moves.SentBack),
            ("award", call_off_moves.Award),
            ("undo", call_off_moves.Undoing),
            ("not-sign", call_off_moves.AwardNotSigned),
            ("cancel", call_off_moves.Cancellation),
            ("fail", call_off_moves.Failure),
            ("open-tenders", competition_moves.Opening),
            ("conclude", competition_moves.Conclusion),
            ("evaluate-again", competition_moves.EvaluatedAgain),
            ("intend", competition_moves.Intention),
            ("ranking", competition_moves.RankingView),
            ("low-prices", competition_moves.LowPrices),
            ("clarifications", clarifications.CallOffClarifications),
            ("people", competition_people.People),
            ("declarations", competition_people.Declarations),
            ("documents", files.Documents),
        )
    ),
    path(
        "call-offs/<reference:reference>/competition/",
        competitions.CompetitionDetail.as_view(),
        name="competition",
    ),
    *(
        path(
            f"call-offs/<reference:reference>/competition/{name}/",
            view.as_view(),
            name=f"competition-{name}",
        )
        for name, view in (
            ("preview", competitions.CompetitionPreview),
            ("publish", competitions.Publication),
            ("extend", competitions.Extension),
            ("amend", competitions.Amending),
        )
    ),
    path(
        "call-offs/<reference:reference>/people/<reference:user>/<reference:part>/",
        competition_people.Person.as_view(),
        name="call-off-person",
    ),
    path(
        "call-offs/<reference:reference>/documents/<reference:document>/",
        files.Document.as_view(),
        name="call-off-document",
    ),
    path(
        "clarifications/<reference:reference>/answer/",
        clarifications.ClarificationAnswer.as_view(),
        name="clarification-answer",
    ),
    path("invitations/", invitations.InvitationList.as_view(), name="invitations"),
    path("invitations/<reference:reference>/", invitations.InvitationDetail.as_view(), name="invitation"),
    *(
        path(f"invitations/<reference:reference>/{name}/", view.as_view(), name=f"invitation-{name}")
        for name, view in (
            ("interest", invitations.Interest),
            ("decline", invitations.Declining),
            ("clarifications", clarifications.InvitationClarifications),
        )
    ),
    path("tenders/", tenders.TenderList.as_view(), name="tenders"),
    path("tenders/<reference:reference>/", tenders.TenderDetail.as_view(), name="tender"),
    *(
        path(f"tenders/<reference:reference>/{name}/", view.as_view(), name=f"tender-{name}")
        for name, view in (
            ("drafters", tenders.Drafters),
            ("view", tenders.TenderViewing),
            ("submit", tenders.Submission),
            ("withdraw", tenders.TenderWithdrawal),
            ("confirm", tenders.Confirmation),
            ("letters", tenders.Letters),
            ("files", files.TenderFiles),
            ("assessments", assessments.Assessments),
            ("consensus", assessments.ConsensusList),
            ("price-question", assessments.PriceQuestion),
            ("price-question/explain", assessments.PriceExplanation),
            ("price-question/accept", assessments.PriceAcceptance),
            ("disqualify", assessments.Disqualification),
            ("reinstate", assessments.Reinstatement),
        )
    ),
    path(
        "tenders/<reference:reference>/receipts/<int:number>/",
        tenders.Receipt.as_view(),
        name="tender-receipt",
    ),
    path(
        "tenders/<reference:reference>/files/<reference:file>/",
        files.TenderFileDetail.as_view(),
        name="tender-file",
    ),
    path("files/<reference:reference>/", files.FileContent.as_view(), name="file"),
    path("offers/", offers.OfferList.as_view(), name="offers"),
    path("offers/<reference:reference>/", offers.OfferDetail.as_view(), name="offer"),
    *(
        path(f"offers/<reference:reference>/{name}/", view.as_view(), name=f"offer-{name}")
        for name, view in (
            ("view", offers.Viewing),
            ("accept", offers.Acceptance),
            ("decline", offers.Decline),
            ("extend", offers.Prolongation),
            ("withdraw", offers.Withdrawal),
            ("not-sign", offers.NotSigned),
            ("order-form", offers.OrderForm),
        )
    ),
    path("contracts/", contracts.ContractList.as_view(), name="contracts"),
    path("contracts/<reference:reference>/", contracts.ContractDetail.as_view(), name="contract"),
    *(
        path(f"contracts/<reference:reference>/{name}/", view.as_view(), name=f"contract-{name}")
        for name, view in (
            ("sign", contracts.Signature),
            ("extend", contracts.Extension),
            ("complete", contracts.Completion),
            ("reopen", contracts.Reopening),
            ("terminate", contracts.Termination),
            ("indicators", indicators.Indicators),
            ("assessments", indicators.Assessments),
        )
    ),
]
