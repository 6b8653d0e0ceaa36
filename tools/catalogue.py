"""Every text of the pages that can be said in another language, as a catalogue for translators.

python -m tools.catalogue cy          begins or brings up to date web/locale/cy/LC_MESSAGES/django.po, and compiles it
python -m tools.catalogue --template FILE   writes the messages alone, for a translators' tool

They stand in the templates, in the Python of web/ and in the labels of procurement and search, which stay English
where they are kept and are translated where they are shown (docs/decisions/0016).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import django
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po
from django.apps import apps

from tools.catalogue_files import FOLDER, ROOT, CatalogueError, compiled, is_translated, read

WEB: Final = ROOT / "web"
TEMPLATES: Final = WEB / "jinja2"
IN_TEMPLATES: Final = ("_", "gettext", "ngettext", "plural")
IN_PYTHON: Final[dict[str, Any]] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "plural": (2, 3),
}
"""What a text is handed to, by the name under which it is called, and which arguments are texts."""


@dataclass(frozen=True, slots=True)
class Found:
    """A message and the file in which it was found; of a plural both English forms."""

    text: str | tuple[str, str]
    where: str


def messages() -> list[Found]:
    """Every message, in the order of the files. Needs Django, which `main` sets up."""
    return [*in_templates(), *in_python(), *labels()]


def in_templates() -> Iterator[Found]:
    """Raises CatalogueError where a count does not name both forms of its word."""
    environment = import_module("web.environment").environment()
    for path in sorted(TEMPLATES.rglob("*.html")):
        where = str(path.relative_to(ROOT))
        for line, function, found in environment.extract_translations(
            path.read_text(), gettext_functions=IN_TEMPLATES
        ):
            texts = [one for one in ([found] if isinstance(found, str) else found) if one]
            if function in ("plural", "ngettext"):
                if len(texts) != 2:
                    raise CatalogueError(f"{where}:{line}: {function} names both forms of a word")
                yield Found((texts[0], texts[1]), where)
            elif texts:
                yield Found(texts[0], where)


def in_python() -> Iterator[Found]:
    """What stands in the modules of web/."""
    for path in sorted(WEB.rglob("*.py")):
        if "node_modules" in path.parts:
            continue
        for _, found, _, _ in extract("python", BytesIO(path.read_bytes()), keywords=IN_PYTHON):
            text = found if isinstance(found, str) else (found[0], found[1])
            yield Found(text, str(path.relative_to(ROOT)))


def labels() -> Iterator[Found]:
    """What models and tables of procurement and search call things, as the pages show it."""
    shown = import_module("web.shown_labels")
    yield from (Found(label, "web/shown_labels.py") for label in shown.shown_labels())
    yield from _of_models()
    states = import_module("procurement.states")
    for machine in states.MACHINES.values():
        # As macros/buying.html writes the steps of whoever acts next.
        yield from (Found(name.replace("_", " "), "procurement/states.py") for name in machine.names)


def _of_models() -> Iterator[Found]:
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    for field in fields:
        if field.model.__module__.startswith(("procurement.", "search.")):
            for _, label in getattr(field, "choices", None) or ():
                yield Found(str(label), f"{field.model.__module__.replace('.', '/')}.py")


def catalogue(found: Iterable[Found]) -> Catalog:
    """The messages as a catalogue without a translation."""
    made = Catalog(project="Calloff", domain="django", charset="utf-8", creation_date=datetime.now(UTC))
    for one in found:
        made.add(one.text, locations=[(one.where, 0)])
    return made


def update(code: str, folder: Path = FOLDER) -> Path:
    """Begins the catalogue of a language or brings it up to date, and compiles it. A translation whose message has
    changed a little is kept as a suggestion (fuzzy), which no page shows; one whose message is gone is dropped.

    Raises CatalogueError.
    """
    template = catalogue(messages())
    path = folder / code / "LC_MESSAGES" / "django.po"
    if path.exists():
        made = read(path)
        made.update(template, update_header_comment=False)
        made.obsolete.clear()
    else:
        locale = _locale(code)
        made = Catalog(locale=locale, project="Calloff", version="1", domain="django", charset="utf-8")
        made.header_comment = f"# The pages of Calloff in {locale.english_name}."
        made.msgid_bugs_address = made.last_translator = made.language_team = ""
        made.update(template)
    made.fuzzy = False
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, made)
    compiled(made, path.with_suffix(".mo"))
    return path


def _locale(code: str) -> Locale:
    try:
        return Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        raise CatalogueError(f"No language is called {code}.") from error


def _write(path: Path, made: Catalog) -> None:
    with path.open("wb") as file:
        # By file and without lines: a line that is added to a template must not change the whole catalogue.
        write_po(file, made, width=100, include_lineno=False, sort_by_file=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.catalogue", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("language", nargs="?", default="cy", help="the code of a language, cy for Welsh")
    parser.add_argument("--template", type=Path, help="write the messages alone to this file")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DEMO", "1")
    django.setup()
    try:
        if chosen.template:
            _write(chosen.template, catalogue(messages()))
            return 0
        path = update(chosen.language)
    except CatalogueError as error:
        print(error, file=sys.stderr)
        return 1
    made = read(path)
    told = sum(is_translated(one) for one in made)
    print(f"{path.relative_to(ROOT)}: {told} of {len(made)} messages are translated.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
