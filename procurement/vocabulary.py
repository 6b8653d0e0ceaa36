"""The closed lists of words that profiles, rate cards and searches share: slug to label.

A slug is what stands in the database, the API and the index; a label is what a person reads. Size bands follow the UK
definition of small and medium-sized enterprises (fewer than 10, 50 and 250 staff).
"""

from __future__ import annotations

from datetime import date
from typing import Final

OWNERSHIP: Final[dict[str, str]] = {
    "employee-owned": "Employee-owned",
    "public-service-mutual": "Public service mutual",
    "co-operative": "Co-operative",
    "charity": "Charity",
    "community-interest-company": "Community interest company",
    "social-enterprise": "Social enterprise",
    "partnership": "Partnership (LLP)",
    "private-company": "Private company",
    "public-company": "Public limited company",
    "university": "University or its spin-out",
    "public-body": "Public body's trading arm",
    "not-stated": "Not stated",
}

SIZES: Final[dict[str, str]] = {
    "micro": "Micro (fewer than 10 staff)",
    "small": "Small (10 to 49 staff)",
    "medium": "Medium (50 to 249 staff)",
    "large": "Large (250 staff or more)",
    "not-stated": "Not stated",
}

RATE_SIZES: Final[dict[str, str]] = SIZES | {"other": "Not small"}
"""Sizes as rate sources state them: some say only whether a firm is small."""

SECTORS: Final[dict[str, str]] = {
    "central-government": "Central government",
    "local-government": "Local government",
    "health": "Health",
    "social-care": "Social care",
    "education": "Education and skills",
    "children-and-families": "Children and families",
    "housing": "Housing and homelessness",
    "justice": "Justice and policing",
    "defence": "Defence and security",
    "transport": "Transport",
    "energy": "Energy and utilities",
    "environment": "Environment and climate",
    "culture": "Culture, heritage and sport",
    "employment": "Employment and welfare",
    "economy": "Economic development",
    "digital": "Digital and data",
    "third-sector": "Voluntary and community sector",
    "international": "International development",
}

ACCREDITATIONS: Final[dict[str, str]] = {
    "iso-9001": "ISO 9001 Quality management",
    "iso-14001": "ISO 14001 Environmental management",
    "iso-20252": "ISO 20252 Market, opinion and social research",
    "iso-22301": "ISO 22301 Business continuity",
    "iso-27001": "ISO 27001 Information security",
    "iso-45001": "ISO 45001 Occupational health and safety",
    "cyber-essentials": "Cyber Essentials",
    "cyber-essentials-plus": "Cyber Essentials Plus",
    "living-wage": "Living Wage employer",
    "b-corp": "B Corporation",
    "disability-confident": "Disability Confident",
    "investors-in-people": "Investors in People",
    "social-enterprise-mark": "Social Enterprise Mark",
    "mrs-company-partner": "Market Research Society company partner",
    "prince2": "PRINCE2 practitioners",
    "mca-member": "Management Consultancies Association member",
}

QUALIFICATIONS: Final[dict[str, str]] = {
    "none": "None required",
    "high-school": "Secondary school",
    "associates": "Associate's degree",
    "bachelors": "Bachelor's degree",
    "masters": "Master's degree",
    "phd": "Doctorate",
}

SITES: Final[dict[str, str]] = {
    "customer": "Customer's premises",
    "contractor": "Supplier's premises",
    "both": "Either",
}

WORK_TYPES: Final[dict[str, str]] = {
    "advice": "Advice",
    "delivery": "Delivery",
    "complex": "Complex",
    "non-complex": "Non-complex",
}

BUYER_CLASSES: Final[dict[str, str]] = {
    "central-government": "Central government and its agencies",
    "local-government": "Local government",
    "health": "NHS and health bodies",
    "education": "Education bodies",
    "police-and-justice": "Police, fire and justice",
    "devolved": "Devolved administrations",
    "other-public": "Other public bodies",
    "third-sector": "Charities and the third sector",
}

VAT_RATES: Final[tuple[tuple[date, str], ...]] = (
    (date(1991, 4, 1), "17.5"),
    (date(2008, 12, 1), "15"),
    (date(2010, 1, 1), "17.5"),
    (date(2011, 1, 4), "20"),
)
"""The United Kingdom's standard rate of VAT in per cent, each from its day on (Value Added Tax Act 1994, section 2, as
amended; Finance (No. 2) Act 2010 for the last).
"""
