"""Every address of version 1."""

from __future__ import annotations

from django.urls import path

from api.v1 import (
    appointing,
    claim_files,
    claims,
    comparisons,
    dead_letters,
    documents,
    email_domains,
    events,
    evidence_packs,
    framework_editing,
    health,
    imports,
    inbox,
    invitation_answers,
    joinings,
    limits,
    listings,
    matches,
    measures,
    member_invitations,
    members,
    offerings,
    organisation_editing,
    outcome_plans,
    partners,
    public_notices,
    quotes,
    rate_cards,
    rate_proposals,
    rates,
    requirements,
    reviewing,
    saved_searches,
    shortlist_entries,
    shortlists,
    snapshots,
    spending,
    standing,
    suppliers,
    teams,
    webhooks,
)
from api.v1.call_off_urls import CALL_OFFS

urlpatterns = [
    path("", documents.Start.as_view(), name="start"),
    # Searches before the rest: they are most of what is asked, and patterns are tried in turn.
    path("listings/", listings.ListingSearch.as_view(), name="listings"),
    path("listings/suggestions/", listings.ListingSuggestions.as_view(), name="listing-suggestions"),
    path("listings/<reference:reference>/", listings.ListingDetail.as_view(), name="listing"),
    path("rates/", rates.RateSearch.as_view(), name="rates"),
    path("rates/suggestions/", rates.RoleSuggestions.as_view(), name="rate-suggestions"),
    path("rates.csv", rates.RateExport.as_view(), name="rates-csv"),
    path("frameworks/", framework_editing.FrameworkKeeping.as_view(), name="frameworks"),
    path("frameworks/<reference:reference>/", framework_editing.FrameworkKept.as_view(), name="framework"),
    path("lots/", framework_editing.LotKeeping.as_view(), name="lots"),
    path("lots/<reference:reference>/", framework_editing.LotKept.as_view(), name="lot"),
    path("lots/<reference:reference>/move/", framework_editing.LotMove.as_view(), name="lot-move"),
    path("specialisms/", framework_editing.SpecialismKeeping.as_view(), name="specialisms"),
    path("specialisms/<reference:reference>/", framework_editing.SpecialismKept.as_view(), name="specialism"),
    path("grades/", framework_editing.GradeKeeping.as_view(), name="grades"),
    path("grades/<reference:reference>/", framework_editing.GradeKept.as_view(), name="grade"),
    path("organisations/", organisation_editing.OrganisationKeeping.as_view(), name="organisations"),
    path(
        "organisations/<reference:reference>/",
        organisation_editing.OrganisationKept.as_view(),
        name="organisation",
    ),
    path(
        "organisations/<reference:reference>/domains/",
        email_domains.Domains.as_view(),
        name="domains",
    ),
    path(
        "organisations/<reference:reference>/domains/<reference:domain>/",
        email_domains.OneDomain.as_view(),
        name="domain",
    ),
    path("organisations/<reference:reference>/limit/", limits.Limit.as_view(), name="limit"),
    path(
        "organisations/<reference:reference>/invitations/",
        member_invitations.MemberInvitations.as_view(),
        name="member-invitations",
    ),
    path(
        "organisations/<reference:reference>/invitations/<reference:invitation>/",
        member_invitations.OneMemberInvitation.as_view(),
        name="member-invitation",
    ),
    path(
        "organisations/<reference:reference>/invitations/<reference:invitation>/send/",
        member_invitations.InvitationSending.as_view(),
        name="member-invitation-send",
    ),
    *(
        path(f"organisation-invitations/{name}/", view.as_view(), name=f"organisation-invitation-{name}")
        for name, view in (("accept", invitation_answers.Acceptance), ("decline", invitation_answers.Decline))
    ),
    path("organisations/<reference:reference>/members/", members.Members.as_view(), name="members"),
    path(
        "organisations/<reference:reference>/members/<reference:user>/",
        members.Member.as_view(),
        name="member",
    ),
    path("partners/", partners.PartnerList.as_view(), name="partners"),
    path("partners/<reference:reference>/", partners.PartnerDetail.as_view(), name="partner"),
    path("partners/<reference:reference>/offerings/", offerings.Offerings.as_view(), name="offerings"),
    path(
        "partners/<reference:reference>/profile/leave/", reviewing.ProfileLeft.as_view(), name="profile-leave"
    ),
    path(
        "partners/<reference:reference>/profile/take-back/",
        reviewing.ProfileTakenBack.as_view(),
        name="profile-take-back",
    ),
    path("profile-reviews/", reviewing.ProfileReviews.as_view(), name="profile-reviews"),
    path(
        "partners/<reference:reference>/suspend/",
        standing.PartnerSuspension.as_view(),
        name="partner-suspend",
    ),
    path(
        "partners/<reference:reference>/reinstate/",
        standing.PartnerReinstatement.as_view(),
        name="partner-reinstate",
    ),
    path("suppliers/", appointing.SupplierAppointing.as_view(), name="suppliers"),
    path("suppliers/<reference:reference>/", suppliers.SupplierDetail.as_view(), name="supplier"),
    path(
        "suppliers/<reference:reference>/places/",
        appointing.SupplierPlaces.as_view(),
        name="supplier-places",
    ),
    path("suppliers/<reference:reference>/lead/", appointing.SupplierLead.as_view(), name="supplier-lead"),
    path(
        "suppliers/<reference:reference>/members/",
        appointing.SupplierMembers.as_view(),
        name="supplier-members",
    ),
    path(
        "suppliers/<reference:reference>/members/<reference:partner>/end/",
        appointing.MemberEnd.as_view(),
        name="supplier-member-end",
    ),
    path(
        "suppliers/<reference:reference>/members/<reference:partner>/leave/",
        joinings.Leaving.as_view(),
        name="supplier-leave",
    ),
    path("rate-cards/", rate_cards.RateCardList.as_view(), name="rate-cards"),
    path("rate-cards/<reference:reference>/", rate_cards.RateCardDetail.as_view(), name="rate-card"),
    path("comparisons/", comparisons.ComparisonView.as_view(), name="comparisons"),
    path("comparisons.csv", comparisons.ComparisonTable.as_view(), name="comparisons-csv"),
    path("comparisons.xlsx", comparisons.ComparisonWorkbook.as_view(), name="comparisons-xlsx"),
    path("quotes/", quotes.QuoteList.as_view(), name="quotes"),
    path("teams/", teams.TeamList.as_view(), name="teams"),
    path("imports/", imports.ImportList.as_view(), name="imports"),
    path("operations/", imports.OperationList.as_view(), name="operations"),
    path("operations/<reference:reference>/", imports.OperationDetail.as_view(), name="operation"),
    path("requirements/", requirements.RequirementList.as_view(), name="requirements"),
    path("requirements/<reference:reference>/", requirements.RequirementDetail.as_view(), name="requirement"),
    path(
        "requirements/<reference:reference>/revisions/",
        requirements.RequirementRevisions.as_view(),
        name="requirement-revisions",
    ),
    path(
        "requirements/<reference:reference>/withdraw/",
        requirements.RequirementWithdrawal.as_view(),
        name="requirement-withdraw",
    ),
    path("matches/", matches.MatchList.as_view(), name="matches"),
    path("matches/<reference:reference>/", matches.MatchDetail.as_view(), name="match"),
    path("shortlists/", shortlists.ShortlistList.as_view(), name="shortlists"),
    path("shortlists/<reference:reference>/", shortlists.ShortlistDetail.as_view(), name="shortlist"),
    path(
        "shortlists/<reference:reference>/entries/",
        shortlist_entries.Entries.as_view(),
        name="shortlist-entries",
    ),
    path(
        "shortlists/<reference:reference>/entries/<reference:listing>/",
        shortlist_entries.EntryDetail.as_view(),
        name="shortlist-entry",
    ),
    path(
        "shortlists/<reference:reference>/notes/", shortlists.ShortlistNotes.as_view(), name="shortlist-notes"
    ),
    path(
        "shortlists/<reference:reference>/history/",
        shortlists.ShortlistHistory.as_view(),
        name="shortlist-history",
    ),
    path("shortlists/<reference:reference>/lock/", snapshots.Locking.as_view(), name="shortlist-lock"),
    path("shortlists/<reference:reference>/unlock/", snapshots.Unlocking.as_view(), name="shortlist-unlock"),
    path(
        "shortlists/<reference:reference>/verify/", snapshots.Verification.as_view(), name="shortlist-verify"
    ),
    path("shortlists/<reference:reference>/snapshots/", snapshots.SnapshotList.as_view(), name="snapshots"),
    path(
        "shortlists/<reference:reference>/snapshots/<int:number>/",
        snapshots.SnapshotDetail.as_view(),
        name="snapshot",
    ),
    path(
        "shortlists/<reference:reference>/evidence-packs/",
        evidence_packs.EvidencePacks.as_view(),
        name="evidence-packs",
    ),
    path(
        "shortlists/<reference:reference>/evidence-packs/<reference:operation>/",
        evidence_packs.EvidencePack.as_view(),
        name="evidence-pack",
    ),
    path("saved-searches/", saved_searches.SavedSearchList.as_view(), name="saved-searches"),
    path(
        "saved-searches/<reference:reference>/",
        saved_searches.SavedSearchDetail.as_view(),
        name="saved-search",
    ),
    path(
        "saved-searches/<reference:reference>/results/",
        saved_searches.SavedSearchResults.as_view(),
        name="saved-search-results",
    ),
    *CALL_OFFS,
    path("events/", events.EventFeed.as_view(), name="events"),
    path("webhooks/", webhooks.WebhookList.as_view(), name="webhooks"),
    path("webhooks/<reference:reference>/", webhooks.WebhookDetail.as_view(), name="webhook"),
    path("webhooks/<reference:reference>/rotate/", webhooks.WebhookRotation.as_view(), name="webhook-rotate"),
    path("webhooks/<reference:reference>/test/", webhooks.WebhookTest.as_view(), name="webhook-test"),
    path(
        "webhooks/<reference:reference>/deliveries/",
        webhooks.WebhookDeliveries.as_view(),
        name="webhook-deliveries",
    ),
    path(
        "webhooks/<reference:reference>/deliveries/<reference:delivery>/replay/",
        webhooks.WebhookReplay.as_view(),
        name="webhook-replay",
    ),
    path("inbox/", inbox.InboxList.as_view(), name="inbox"),
    path("inbox/<reference:reference>/", inbox.InboxDetail.as_view(), name="message"),
    path("appointments/", standing.AppointmentList.as_view(), name="appointments"),
    path("appointments/<reference:reference>/", standing.AppointmentDetail.as_view(), name="appointment"),
    path(
        "appointments/<reference:reference>/suspend/",
        standing.AppointmentSuspension.as_view(),
        name="appointment-suspend",
    ),
    path(
        "appointments/<reference:reference>/reinstate/",
        standing.AppointmentReinstatement.as_view(),
        name="appointment-reinstate",
    ),
    path(
        "appointments/<reference:reference>/withdraw/",
        standing.AppointmentWithdrawal.as_view(),
        name="appointment-withdraw",
    ),
    path("spending/", spending.SpendingView.as_view(), name="spending"),
    path("dead-letters/", dead_letters.DeadLetterList.as_view(), name="dead-letters"),
    path(
        "dead-letters/<reference:reference>/redrive/",
        dead_letters.DeadLetterRedrive.as_view(),
        name="dead-letter-redrive",
    ),
    path(
        "contracts/<reference:reference>/notices/<reference:notice>/",
        public_notices.NoticeDraft.as_view(),
        name="contract-notice",
    ),
    path(
        "contracts/<reference:reference>/notices/<reference:notice>/publish/",
        public_notices.Publication.as_view(),
        name="contract-notice-publish",
    ),
    path(
        "call-offs/<reference:reference>/notices/<reference:notice>/",
        public_notices.IntendedNoticeDraft.as_view(),
        name="call-off-notice",
    ),
    path(
        "call-offs/<reference:reference>/notices/<reference:notice>/publish/",
        public_notices.IntendedPublication.as_view(),
        name="call-off-notice-publish",
    ),
    path("contracts/<reference:reference>/claims/", claims.ContractClaims.as_view(), name="contract-claims"),
    path("claims/<reference:reference>/", claims.ClaimDetail.as_view(), name="claim"),
    *(
        path(f"claims/<reference:reference>/{name}/", view.as_view(), name=f"claim-{name}")
        for name, view in (
            ("files", claim_files.ClaimFiles),
            ("verify", claims.ClaimVerification),
            ("reject", claims.ClaimRejection),
            ("unverify", claims.ClaimUnverified),
            ("pay", claims.ClaimPayment),
        )
    ),
    path("measures/", measures.MeasureList.as_view(), name="measures"),
    path("measures/<reference:reference>/", measures.MeasureDetail.as_view(), name="measure"),
    path("outcome-plans/", outcome_plans.OutcomePlanList.as_view(), name="outcome-plans"),
    path(
        "outcome-plans/<reference:reference>/",
        outcome_plans.OutcomePlanDetail.as_view(),
        name="outcome-plan",
    ),
    path(
        "outcome-plans/<reference:reference>/propose/",
        outcome_plans.Proposal.as_view(),
        name="outcome-plan-propose",
    ),
    path(
        "outcome-plans/<reference:reference>/approve-share/",
        outcome_plans.Share.as_view(),
        name="outcome-plan-approve-share",
    ),
    path(
        "outcome-plans/<reference:reference>/approve-investor/",
        outcome_plans.Investor.as_view(),
        name="outcome-plan-approve-investor",
    ),
    path(
        "outcome-plans/<reference:reference>/claims/", claims.PlanClaims.as_view(), name="outcome-plan-claims"
    ),
    path("joinings/", joinings.JoiningList.as_view(), name="joinings"),
    path("joinings/<reference:reference>/", joinings.JoiningDetail.as_view(), name="joining"),
    *(
        path(f"joinings/<reference:reference>/{name}/", view.as_view(), name=f"joining-{name}")
        for name, view in (
            ("submit", joinings.Submission),
            ("agree", joinings.Agreement),
            ("check", joinings.Checking),
            ("admit", joinings.Admission),
            ("refuse", joinings.Refusal),
            ("withdraw", joinings.Withdrawal),
        )
    ),
    path("rate-proposals/", rate_proposals.RateProposalList.as_view(), name="rate-proposals"),
    path(
        "rate-proposals/<reference:reference>/",
        rate_proposals.RateProposalDetail.as_view(),
        name="rate-proposal",
    ),
    *(
        path(f"rate-proposals/<reference:reference>/{name}/", view.as_view(), name=f"rate-proposal-{name}")
        for name, view in (
            ("comparison", rate_proposals.RateComparison),
            ("file", rate_proposals.RatesFile),
            ("submit", rate_proposals.Proposing),
            ("approve", rate_proposals.Approval),
            ("refuse", rate_proposals.Refusal),
            ("withdraw", rate_proposals.Withdrawal),
        )
    ),
    path("health/live/", health.Live.as_view(), name="live"),
    path("health/ready/", health.Ready.as_view(), name="ready"),
    path("schema/", documents.SchemaDocument.as_view(), name="schema"),
    path("docs/", documents.docs, name="docs"),
]
