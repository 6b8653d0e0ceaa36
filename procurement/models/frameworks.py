"""Frameworks, their lots, specialisms, grades and regions. A framework is data: adding one needs no class."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q, Value

from procurement.models.base import Referenced, Revised
from procurement.models.organisations import Organisation


class Region(models.Model):
    """A place where a partner works, in one scheme: 0 the whole United Kingdom, 1 a region, 2 a sub-region."""

    class Scheme(models.TextChoices):
        NUTS2013 = "NUTS2013", "NUTS 2013"
        ITL2025 = "ITL2025", "ITL 2025"
        NATIONAL = "UK", "United Kingdom"

    code = models.CharField(max_length=8, unique=True)
    scheme = models.CharField(max_length=10, choices=Scheme.choices)
    level = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class RegionTwin(models.Model):
    """A NUTS 2013 code and an ITL 2025 code that share ground: alike, or one split, merged or redrawn as the other."""

    nuts = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="itl_twins")
    itl = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="nuts_twins")
    same = models.BooleanField(help_text="True where both codes name the same ground.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["nuts", "itl"], name="region_twin_once")]

    def __str__(self) -> str:
        return f"{self.nuts_id} ~ {self.itl_id}"


class Framework(Revised):
    """An agreement that bodies buy under. Money in pence, the management charge in per cent of invoiced value."""

    class Status(models.TextChoices):
        COMING = "coming", "Coming"
        OPEN = "open", "Open to applications"
        PENDING = "pending", "Pending award"
        STANDSTILL = "standstill", "In standstill"
        LIVE = "live", "Live"
        EXPIRED = "expired", "Expired"

    class Regime(models.TextChoices):
        """Which law governs its call-offs; it follows the date on which the framework's own procurement began."""

        PCR2015 = "pcr2015", "Public Contracts Regulations 2015"
        PA2023 = "pa2023", "Procurement Act 2023"

    number = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=200)
    nickname = models.CharField(max_length=40, blank=True)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="frameworks")
    status = models.CharField(max_length=12, choices=Status.choices)
    starts_on = models.DateField()
    ends_on = models.DateField()
    regime = models.CharField(max_length=8, choices=Regime.choices)
    buyer_classes = models.JSONField(
        default=list, help_text="Eligible buyer classes; empty: every public body."
    )
    management_charge = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    maximum_value_pence = models.BigIntegerField(null=True, blank=True)
    region_scheme = models.CharField(
        max_length=10, choices=Region.Scheme.choices, default=Region.Scheme.ITL2025
    )
    rate_unit = models.CharField(max_length=4, default="day")
    rate_rise_ceiling = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Per cent by which a new version of a card may raise a rate at most; null: not known.",
    )
    fictional = models.BooleanField(default=False)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="framework_ends_after_start"
            ),
        ]

    def status_on(self, on: date) -> str:
        """The status a buyer should be told on that day: a live framework past its last day has expired."""
        if self.status == self.Status.LIVE and on > self.ends_on:
            return self.Status.EXPIRED
        if self.status == self.Status.LIVE and on < self.starts_on:
            return self.Status.COMING
        return self.status

    def open_to_call_offs(self, on: date) -> bool:
        """Whether a call-off may be made under it on that day (its last day included)."""
        return self.status_on(on) == self.Status.LIVE

    def cut_short(self, on: date) -> bool:
        """Whether it is said to have expired though its last day has not passed. Since when nothing tells, so that no
        card is in force under it on any day.
        """
        return self.status == self.Status.EXPIRED and on <= self.ends_on

    @property
    def closed_to_firms(self) -> bool:
        """Whether no firm is admitted to it by itself any more: under the Regulations of 2015 its suppliers are those
        of its award (regulation 33), under the Act of 2023 an open framework takes others when it is opened anew.
        """
        awarded = (self.Status.STANDSTILL, self.Status.LIVE, self.Status.EXPIRED)
        return self.regime == self.Regime.PCR2015 and self.status in awarded


class Lot(Referenced):
    """A numbered part of a framework. Numbers are text (`5`, `5a`, `1.2.2`). Caps in pence, VAT excluded."""

    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="lots")
    number = models.CharField(max_length=12)
    position = models.PositiveIntegerField(
        help_text="Where it stands among the lots; numbers do not sort as text."
    )
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    direct_award = models.BooleanField(default=False)
    competition = models.BooleanField(default=True)
    direct_award_cap_pence = models.BigIntegerField(null=True, blank=True)
    minimum_value_pence = models.BigIntegerField(null=True, blank=True)
    maximum_value_pence = models.BigIntegerField(null=True, blank=True)
    longest_term_months = models.PositiveIntegerField(null=True, blank=True)
    closes_on = models.DateField(null=True, blank=True, help_text="Where it closes before its framework.")
    light_touch = models.BooleanField(
        default=False, db_default=False, help_text="Its services are light touch services."
    )
    work_types = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        help_text="Slugs of the types of work that its rates are for; none: not stated, rates may be for any.",
    )
    accreditations = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        help_text="Slugs of the accreditations that a firm must hold, or an equivalent; none: not stated.",
    )
    professional_indemnity_pence = models.BigIntegerField(
        null=True, blank=True, help_text="Least cover that a firm must have; null: not stated."
    )
    public_liability_pence = models.BigIntegerField(
        null=True, blank=True, help_text="Least cover that a firm must have; null: not stated."
    )
    weightings = models.JSONField(
        null=True,
        blank=True,
        help_text="What price, quality and social_value may weigh: [least, most] of 100 as decimal strings.",
    )

    class Meta:
        ordering = ["framework_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "number"], name="lot_number_once"),
            models.UniqueConstraint(fields=["framework", "position"], name="lot_position_once"),
            models.CheckConstraint(
                condition=Q(direct_award=True) | Q(competition=True), name="lot_has_a_route"
            ),
        ]


class Specialism(Referenced):
    """One line of service inside a lot. The same name may stand in several lots."""

    lot = models.ForeignKey(Lot, on_delete=models.CASCADE, related_name="specialisms")
    number = models.CharField(max_length=12)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    cpv = models.JSONField(default=list, help_text="CPV 2008 codes, eight digits.")

    class Meta:
        ordering = ["lot_id", "position"]
        constraints = [models.UniqueConstraint(fields=["lot", "number"], name="specialism_number_once")]


class Grade(Referenced):
    """A level of staff on a lot; rank 1 is the lowest. Codes (`G1`) mean the same rank throughout a framework."""

    lot = models.ForeignKey(Lot, on_delete=models.CASCADE, related_name="grades")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=120)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["lot_id", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["lot", "code"], name="grade_code_once"),
            models.UniqueConstraint(fields=["lot", "rank"], name="grade_rank_once"),
            models.CheckConstraint(condition=Q(rank__gte=1, rank__lte=12), name="grade_rank_in_range"),
        ]
