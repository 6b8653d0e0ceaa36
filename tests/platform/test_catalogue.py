"""The catalogue of another language: what it holds, how it is kept up to date, and what is refused in it."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from tools.catalogue import messages, update
from tools.catalogue_files import CatalogueError, compile_catalogues, faults, read


def translated(message: str | tuple[str, str], *said: str) -> list[str]:
    """What is wrong with a translation."""
    made = Catalog(locale="cy")
    made.add(message, said if len(said) > 1 else said[0])
    return faults(made)


def test_the_catalogue_holds_texts_of_templates_of_python_and_of_procurement() -> None:
    found = {one.text for one in messages()}
    assert {
        "Find who can do it, and what it may cost",
        'Did you mean <a class="govuk-link" href="%(address)s">%(correction)s</a>?',
        "What is paid is agreed for each call-off and is often lower.",
        ("listing", "listings"),
        "September",
        "Employee-owned",
        "Open to call-offs",
        "ask approval",
        "Draft",
        "Framework status",
    } <= found
    assert "" not in found


@pytest.mark.whole
def test_a_catalogue_is_begun_and_keeps_its_translations_when_it_is_brought_up_to_date(
    tmp_path: Path,
) -> None:
    path = update("cy", tmp_path)
    assert path == tmp_path / "cy" / "LC_MESSAGES" / "django.po"
    begun = read(path)
    assert begun.num_plurals == 6
    assert len(begun) == len({one.text if isinstance(one.text, str) else one.text[0] for one in messages()})
    begun["Frameworks"].string = "Fframweithiau"
    begun.add("Gone from every page", "Wedi mynd")
    with path.open("wb") as file:
        write_po(file, begun)
    update("cy", tmp_path)
    kept = read(path)
    assert kept["Frameworks"].string == "Fframweithiau"
    assert kept.get("Gone from every page") is None
    with path.with_suffix(".mo").open("rb") as file:
        spoken = gettext.GNUTranslations(file)
    assert spoken.gettext("Frameworks") == "Fframweithiau"
    assert (spoken.gettext("Search"), spoken.ngettext("lot", "lots", 3)) == ("Search", "lots")
    before = _without_day(path)
    update("cy", tmp_path)
    assert _without_day(path) == before


def _without_day(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith('"POT-Creation-Date')]


@pytest.mark.parametrize(
    ("message", "said", "wrong"),
    [
        ("%(count)s of %(total)s", ["%(total)s, %(count)s"], ""),
        ("%(count)s of %(total)s", ["%(count)s"], "%(total)s is missing"),
        ("%(count)s of %(total)s", ["%(count)s o %(cyfan)s"], "%(cyfan)s is unknown to it"),
        ("Since {year}", ["Ers {blwyddyn}"], "{blwyddyn} is unknown to it"),
        ("<strong>%(n)s</strong> lots", ["<strong>%(n)s</strong> lot"], ""),
        ("<strong>%(n)s</strong> lots", ["%(n)s lot"], "its markup differs"),
        ("Search", ["<script>x</script>"], "its markup differs"),
        ('<a href="%(to)s">Here</a>', ['<a href="https://example.org">Yma</a>'], "%(to)s is missing"),
        ("Search", ['Chwilio" autofocus x="'], '" is markup'),
        ("Half", ["50% ohono"], "a sign of per cent is written %%"),
        ("Half", ["50%% ohono"], ""),
        ("Half", [""], ""),
    ],
)
def test_a_translation_that_does_not_fit_its_message_is_refused(
    message: str, said: list[str], wrong: str
) -> None:
    found = translated(message, *said)
    assert (found[:1] == [f"{message!r}: {wrong}"]) if wrong else found == []


def test_a_plural_has_every_form_of_its_language_and_may_do_without_its_number() -> None:
    message = ("%(count)s lot", "%(count)s lots")
    assert translated(message, *(["%(count)s lot"] * 5), "dim lot") == []
    assert translated(message, "%(count)s lot", "%(count)s lot") == ["'%(count)s lot': 6 forms are needed"]


def test_a_catalogue_that_does_not_fit_is_not_compiled_and_one_that_fits_is_once(tmp_path: Path) -> None:
    path = tmp_path / "cy" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text('msgid "%(count)s lots"\nmsgstr "lotiau"\n')
    with pytest.raises(CatalogueError, match="1 translations do not fit"):
        compile_catalogues(tmp_path)
    assert not path.with_suffix(".mo").exists()
    path.write_text('msgid "%(count)s lots"\nmsgstr "%(count)s o lotiau"\n')
    assert compile_catalogues(tmp_path) is True
    assert compile_catalogues(tmp_path) is False
    assert sorted(one.name for one in path.parent.iterdir()) == ["django.mo", "django.po"]


def test_a_catalogue_that_cannot_be_read_or_has_no_language_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cy" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text("no catalogue\n")
    with pytest.raises(CatalogueError, match=r"django\.po of cy"):
        compile_catalogues(tmp_path)
    with pytest.raises(CatalogueError, match="No language is called x_x"):
        update("x_x", tmp_path)
