"""One fictional firm: who it is, its profile of 80 to 400 words, and case studies with figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from tools.market.domains import Domain, Story
from tools.market.draw import Draw
from tools.market.names import Names, slug
from tools.market.places import PLACES
from tools.market.prose import TRIES, Guard, Phrasing, Writer, fill
from tools.market.sectors import sector_of

OWNERSHIP: Final = (
    ("private-company", 24), ("employee-owned", 15), ("partnership", 12), ("social-enterprise", 9),
    ("charity", 9), ("public-service-mutual", 9), ("co-operative", 8), ("community-interest-company", 7),
    ("university", 5), ("public-company", 1), ("public-body", 1),
)  # fmt: skip
REGISTERS: Final = {
    "employee-owned": ("Demonstration register of employee ownership trusts (fictional)", "EOT"),
    "public-service-mutual": ("Demonstration register of public service mutuals (fictional)", "PSM"),
    "co-operative": ("Demonstration register of co-operatives (fictional)", "COP"),
    "charity": ("Demonstration register of charities (fictional)", "CHY"),
    "community-interest-company": (
        "Demonstration register of community interest companies (fictional)",
        "CIC",
    ),
    "social-enterprise": ("Demonstration register of social enterprises (fictional)", "SOC"),
}
COMPANIES: Final = ("Demonstration register of companies (fictional)", "COM")
SIZES: Final = (("micro", 34), ("small", 40), ("medium", 21), ("large", 5))
STAFF: Final = {"micro": (4, 9), "small": (11, 48), "medium": (52, 210), "large": (260, 900)}
ACCREDITATIONS: Final = (
    ("cyber-essentials", 0.5), ("iso-9001", 0.35), ("living-wage", 0.35), ("cyber-essentials-plus", 0.2),
    ("iso-27001", 0.2), ("disability-confident", 0.25), ("investors-in-people", 0.12), ("iso-14001", 0.12),
    ("b-corp", 0.1), ("prince2", 0.12), ("mca-member", 0.06), ("iso-22301", 0.05), ("iso-45001", 0.05),
)  # fmt: skip
SHORTEST, LONGEST = 80, 400
"""Words of a whole profile: its summary and its case studies with their titles."""
LONGEST_SUMMARY: Final = 290
BORN_SO: Final = frozenset(form for form, _ in OWNERSHIP) - {
    "employee-owned", "private-company", "public-company",
}  # fmt: skip
"""Forms that a firm has from its first day; others it may have taken on later."""


@dataclass(slots=True)
class Firm:
    """A fictional firm. `home` is its ITL 2 code; `reach` the ITL codes where it works, ("UK",) for
    everywhere.
    """

    reference: str
    identifier: str
    name: str
    ownership: str
    size: str
    founded: int
    home: str
    reach: tuple[str, ...]
    domains: tuple[Domain, ...]
    profile: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, tuple[str, ...]] = field(default_factory=dict)


def make_firm(number: int, domains: Sequence[Domain], names: Names, draw: Draw) -> Firm:
    """The firm's facts; `domains` are its lines of work, the main one first."""
    ownership = draw.weighted(OWNERSHIP)
    size = "large" if ownership == "public-company" else draw.weighted(SIZES)
    name, _ = names.firm(domains[0].words["nouns"], ownership)
    home = draw.one(sorted(PLACES))
    return Firm(
        reference=slug(name.removesuffix(" Ltd")),
        identifier=f"{40_000_000 + number:08d}",
        name=name,
        ownership=ownership,
        size=size,
        founded=draw.between(1984, 2021),
        home=home,
        reach=_reach(home, size, draw),
        domains=tuple(domains),
    )


def _reach(home: str, size: str, draw: Draw) -> tuple[str, ...]:
    if draw.chance({"micro": 0.1, "small": 0.25, "medium": 0.5, "large": 0.9}[size]):
        return ("UK",)
    if draw.chance(0.35):
        nations = draw.some(sorted({code[:3] for code in PLACES}), draw.between(0, 2))
        return tuple(sorted({home[:3], *nations}))
    neighbours = [code for code in sorted(PLACES) if code[:3] == home[:3] and code != home]
    return tuple(sorted({home, *draw.some(neighbours, draw.between(0, 3))}))


@dataclass(frozen=True, slots=True)
class Desk:
    """What every profile is written with. `told` are the stories that a firm has told: nobody tells them again."""

    generics: Mapping[str, Sequence[str]]
    phrasing: Phrasing
    guard: Guard
    told: set[Story] = field(default_factory=set)


def write_profile(firm: Firm, desk: Desk, draw: Draw) -> None:
    """Fill in the firm's profile and case studies, as the import of partners reads them."""
    generics = desk.generics
    place, towns = PLACES[firm.home]
    elsewhere = draw.one([code for code in sorted(PLACES) if code != firm.home])
    town = draw.one(towns)
    main = firm.domains[0]
    staff, later = draw.between(*STAFF[firm.size]), firm.founded + draw.between(1, 12)
    values = {
        "name": firm.name.removesuffix(" Ltd"),
        "town": town,
        "place": place,
        "place2": PLACES[elsewhere][0],
        "staff": str(staff),
        "members": str(staff + max(1, staff // 6)),
        "few": str(min(9, max(2, staff // 7))),
        "partners": str(min(19, max(2, staff // 4))),
        "founded": str(firm.founded),
        "since": str(max(firm.founded, 2014)),
        "owned": str(firm.founded if firm.ownership in BORN_SO else min(2024, later)),
        "founders": draw.one(generics["founders"]),
        "label": main.label,
        "label2": firm.domains[-1].label,
    }
    writer = Writer(firm.reference, draw, desk.guard, desk.phrasing, values)
    summary = _summary(firm, generics, writer, draw)
    studies = _case_studies(firm, desk, writer, LONGEST - _words(summary), draw)
    register, prefix = REGISTERS.get(firm.ownership, COMPANIES)
    site = slug(firm.name.removesuffix(" Ltd"))
    firm.profile = {
        "reference": firm.reference,
        "name": firm.name,
        "scheme": "XX-DEMO",
        "identifier": firm.identifier,
        "summary": summary,
        "ownership": firm.ownership,
        "ownership_evidence": {"register": register, "number": f"{prefix}-{firm.identifier[-5:]}"},
        "size": firm.size,
        "sectors": sorted(
            {sector for domain in firm.domains for sector in domain.sectors}
            | {study["sector"] for study in studies if "sector" in study}
        ),
        "regions": list(firm.reach),
        "accreditations": [one for one, share in ACCREDITATIONS if draw.chance(share)],
        "case_studies": studies,
        "contacts": {
            "email": f"enquiries@{site}.example.org",
            "phone": f"01632 960{draw.between(0, 999):03d}",
            "website": f"https://{site}.example.org/",
        },
    }


def _tasks(domain: Domain, draw: Draw, first: int) -> dict[str, str]:
    """The domain's tasks in random order as `does1`, `does2`, … from `first` on."""
    return {
        f"does{first + number}": task
        for number, task in enumerate(draw.some(domain.words["does"], len(domain.words["does"])))
    }


def _summary(firm: Firm, generics: Mapping[str, Sequence[str]], writer: Writer, draw: Draw) -> str:
    main, other = firm.domains[0], firm.domains[-1]
    writer.values |= {"client": draw.one(main.words["clients"])}
    writer.values |= _tasks(main, draw, 1)
    opening = writer.sentence(generics["opening"])
    writer.values |= _tasks(main, draw, 1)
    services = writer.sentence(generics["services"])
    writer.values |= _tasks(other, draw, 4)
    result = {"result": fill(writer.spend(draw.one(main.words["results"])), writer.values, draw)}
    optional = [
        writer.sentence(main.words["approach"]),
        writer.sentence(generics["results-lead"], **result),
        writer.sentence(generics[f"own-{firm.ownership}"]),
        writer.sentence(generics["working"]),
        writer.sentence(generics["people"]),
    ]
    theirs = {"client": draw.one(other.words["clients"])}
    if other is not main:
        pair = [writer.sentence(generics["second"]), writer.sentence(other.words["results"], **theirs)]
        optional.append(" ".join(pair).strip())
    optional += [
        writer.sentence(main.words["approach"]),
        writer.sentence(generics["reach"]) if firm.reach != ("UK",) else "",
        writer.sentence(generics["limits"]),
        writer.sentence(main.words["results"]),
        writer.sentence(generics["working"]),
        writer.sentence(other.words["approach"]),
        writer.sentence(generics["people"]),
        writer.sentence(generics["services"]),
        writer.sentence(main.words["approach"]),
        writer.sentence(other.words["results"], **theirs),
        writer.sentence(generics["working"]),
        writer.sentence(generics["limits"]),
        writer.sentence(main.words["results"]),
        writer.sentence(generics["people"]),
    ]
    closing = writer.sentence(generics["closing"]) if draw.chance(0.4) else ""
    target = draw.weighted(((95, 3), (130, 4), (170, 4), (220, 3), (250, 3), (280, 2)))
    told = [one for one in optional if one]
    for _ in range(TRIES):
        summary = _arranged(opening, services, told, closing, target, draw)
        if writer.guard.admits(summary, firm.reference):
            break
    writer.guard.keep(summary, firm.reference)
    return summary


def _arranged(opening: str, services: str, rest: list[str], closing: str, target: int, draw: Draw) -> str:
    """Paragraphs of about `target` words: the opening first, the closing last, the rest in an order of
    its own.
    """
    chosen: list[str] = []
    words = _words(opening) + _words(services) + _words(closing)
    for sentence in rest:
        if words >= target or words + _words(sentence) > LONGEST_SUMMARY:
            break
        chosen.append(sentence)
        words += _words(sentence)
    body = draw.some(chosen, len(chosen))
    body.insert(0 if draw.chance(0.6) else min(1, len(body)), services)
    sentences = [opening, *(one for one in body if one), *([closing] if closing else [])]
    if words < 130:
        return " ".join(sentences)
    parts = 2 if words < 220 else 3
    cut = [round(len(sentences) * part / parts) for part in range(parts + 1)]
    return "\n\n".join(" ".join(sentences[start:end]) for start, end in pairwise(cut))


def _words(text: str) -> int:
    return len(text.split())


def _case_studies(firm: Firm, desk: Desk, writer: Writer, room: int, draw: Draw) -> list[dict[str, Any]]:
    """Stories of its lines of work that no other firm tells, of as many words as there is room for."""
    count = draw.weighted(((1, 2), (2, 4), (3, 4), (4, 2), (5, 1)))
    main, *others = [[(domain, story) for story in _untold(domain, desk, draw)] for domain in firm.domains]
    rest = [plot for plots in others for plot in plots]
    studies: list[dict[str, Any]] = []
    evidence: dict[str, list[str]] = {}
    for domain, story in [*main[:2], *rest[:2], *main[2:], *rest[2:]]:
        if len(studies) == count:
            break
        study = _case_study(firm, domain, story, desk.generics, writer, draw)
        if study is not None:
            room -= _words(study["title"]) + _words(study["text"])
            if room < 0:
                break
            desk.told.add(story)
            key = f"case-{len(studies) + 1}"
            studies.append({"key": key, **study})
            evidence.setdefault(domain.key, []).append(key)
    firm.evidence = {key: tuple(keys) for key, keys in evidence.items()}
    return studies


def _untold(domain: Domain, desk: Desk, draw: Draw) -> list[Story]:
    """The domain's stories that are left, in an order of chance."""
    return draw.some([one for one in domain.stories if one not in desk.told], len(domain.stories))


def _case_study(
    firm: Firm,
    domain: Domain,
    story: Story,
    generics: Mapping[str, Sequence[str]],
    writer: Writer,
    draw: Draw,
) -> dict[str, Any] | None:
    """One story, or None where the guard admits no telling of it that is rare enough."""
    home = firm.home if draw.chance(0.6) else draw.one(sorted(PLACES))
    more = {"client": draw.one(domain.words["clients"]), "place": PLACES[home][0]}
    bridge = draw.one(generics["case-bridge"]) if draw.chance(0.65) else ""
    after = draw.one(generics["case-after"]) if draw.chance(0.55) else ""
    text = writer.told([story.situation, story.action, bridge, story.result, after], **more)
    if not text:
        return None
    heading = fill(story.title, {**writer.values, **more}, draw)
    sector = sector_of(heading, text)
    return {
        "title": heading,
        "text": text,
        **({"sector": sector} if sector else {}),
        "year": max(firm.founded, draw.between(2014, 2026)),
    }
