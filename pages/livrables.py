"""Livrables: the documents of the diagnosis, from the same state as the screens, in one click."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import date

import streamlit as st

from diagnostic.records import LocalData
from pages.addresses import choose_reach
from pages.batch import bodies_of
from pages.batch import make as make_batch
from pages.comparator import Comparator, choose_comparator
from pages.composing import Asked, Cover, Progress, facts_of
from pages.departement import area_of, choose_departement
from pages.dosing import (
    Settings,
    ask,
    choose_mesh,
    commune_table,
    free_parts,
    under_least,
)
from pages.linked import linked_list, linked_segments
from pages.local_data import imports
from pages.making_fiches import TITLE as FICHES_TITLE
from pages.making_fiches import choose_aims, fiche_files
from pages.needs import commune_needs, need_card
from pages.producing import KINDS, File, Order, produce
from pages.project import current_project
from pages.shared import Current, build_path, header, require_perimeter
from pages.targeting import choose_cut
from pages.targets import ALL, choose_target
from pages.weighing import choose_purpose, choose_weights
from views.livrables.uploads import RefusedFile, checked_logo, checked_template
from views.livrables.word import MIME as WORD_MIME
from views.livrables.word import blank_template
from views.livrables.words import DEPARTEMENT, FICHES, INTRODUCTION, NO_NEED, SECTIONS, TITLE
from views.shared_diagnosis import read_day
from views.text import count_of, escape_markdown, joined, number

MADE = "livrables"
TYPED = "livrables-saisis"
LABELS = {name: kind.label for name, kind in KINDS.items()} | {
    "fiches": "Fiches, un document Word",
    "fiches-zip": "Fiches une à une (ZIP)",
    "portraits": "Portraits A4 (ZIP)",
    "classeur": "Chiffres, Excel",
    "diaporama": "Diaporama",
}


def choose_state(found: Current) -> Asked:
    """The choices of the other pages, shown so that nothing in a document is a surprise."""
    comparator = choose_comparator(found)
    with st.expander(
        "Besoin, population visée et ressource repris dans les documents", icon=":material/balance:"
    ):
        st.caption(
            "Ce sont les choix des pages Cibler et Intensité ; les changer ici les change là-bas."
        )
        purpose = choose_purpose()
        if not need_card(purpose.id).domains:
            st.info(
                "Aucun indicateur de ce besoin n'est chargé : les documents le diront.",
                icon=":material/info:",
            )
            return without_need(found, comparator)
        chosen = choose_weights(purpose)
        scored = commune_needs(chosen.weights, purpose.id)
        target, people = choose_target(found, purpose.target)
        cut, cut_text = choose_cut(scored.reference)
        settings = ask(scored.reference.bounds)
        mesh = "commune"
        table = commune_table(found, scored.scores, people)
        if table["people"].sum():
            mesh = choose_mesh(table, too_small(table, settings))
    usable = settings if table["people"].sum() else None
    return Asked(found, comparator, chosen, target, people, cut, cut_text, usable, mesh)


def too_small(table, settings: Settings) -> int:
    """Communes under the least share; none when the choices leave no split, which is said later."""
    try:
        return under_least(free_parts(table, settings), settings)
    except ValueError as error:
        st.warning(escape_markdown(str(error)), icon=":material/rule:")
        return 0


def without_need(found: Current, comparator: Comparator) -> Asked:
    everyone = found.communes.set_index("code")["population"]
    return Asked(found, comparator, None, ALL, everyone, "national", "", None, "commune")


def typed(name: str, label: str, default: str, most: int) -> str:
    """A text kept for the visit, never in the address."""
    kept = st.session_state.setdefault(TYPED, {})
    text = st.text_input(label, kept.get(name, default), max_chars=most, key=f"livrables-{name}")
    kept[name] = text
    return text.strip()


def choose_logo() -> bytes | None:
    """The logo, re-encoded; None without one or when it is refused, which is said."""
    given = st.file_uploader(
        "Logo (PNG ou JPEG, 2 Mo au plus)", type=["png", "jpg", "jpeg"], key="livrables-logo"
    )
    if given is None:
        return None
    try:
        return checked_logo(given.getvalue())
    except RefusedFile as error:
        st.error(escape_markdown(str(error)), icon=":material/block:")
        return None


def choose_template() -> bytes | None:
    """The Word template, checked; None for Gradient's own."""
    given = st.file_uploader(
        "Modèle Word (.docx, 3 Mo au plus)", type=["docx"], key="livrables-modele"
    )
    st.download_button(
        "Télécharger le modèle à adapter",
        blank_template,
        file_name="gradient-modele.docx",
        mime=WORD_MIME,
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )
    if given is None:
        return None
    try:
        return checked_template(given.getvalue())
    except RefusedFile as error:
        st.error(escape_markdown(str(error)), icon=":material/block:")
        return None


def fingerprint(*told: object) -> str:
    """Of all that the files follow from: another one, and they are out of date."""
    return hashlib.sha256(repr((build_path(), told)).encode()).hexdigest()


def chosen_of(asked: Asked) -> tuple[object, ...]:
    """What tells two states of the screens apart; local figures count once they may be in files."""
    notes = [one for one in current_project().records if not isinstance(one, LocalData)]
    return (
        asked.found.codes, asked.found.label, asked.comparator.key, asked.need, asked.target, asked.cut,
        asked.settings, asked.mesh, notes, sorted(one.id for one in imports().values() if one.shared),
    )  # fmt: skip


def choose_day() -> date:
    """Date written on every page: today unless another is typed (a calendar would speak English)."""
    today = date.today()
    given = st.text_input("Date du document", f"{today:%d/%m/%Y}", max_chars=10)
    try:
        return read_day(given) or today
    except ValueError as error:
        st.error(escape_markdown(str(error)), icon=":material/event:")
        return today


def choose_cover(*, codes: bool = False) -> tuple[Cover, bytes | None]:
    """Authors, logo, date, address of the codes of the slides; and the Word template."""
    left, middle, right = st.columns([2, 1, 2], gap="medium", vertical_alignment="bottom")
    with left:
        authors = typed("auteurs", "Auteurs", "", 120)
    with middle:
        written = choose_day()
    label = "Logo, modèle Word, codes à scanner" if codes else "Logo et modèle Word"
    with right, st.expander(label, icon=":material/branding_watermark:"):
        logo, template = choose_logo(), choose_template()
        reach = choose_reach() if codes else None
    return Cover(authors, logo, written, reach), template


def prepare(
    label: str,
    key: str,
    make: Callable[[Progress], tuple[dict[str, File], list[str]]],
    *,
    disabled: bool = False,
) -> None:
    """The button, the bar that says which part is being written, then the files."""
    if st.button(label, icon=":material/inventory_2:", type="primary", disabled=disabled):
        bar = st.progress(0.0, "Préparation…")
        start = time.perf_counter()
        files, failed = make(lambda done, what: bar.progress(done, f"{what}…"))
        bar.empty()
        st.session_state[MADE] = (key, files, failed, time.perf_counter() - start)
    show_files(key)


def show_files(key: str) -> None:
    """The files made, or that they are out of date."""
    made = st.session_state.get(MADE)
    if made is None:
        return
    its_key, files, failed, seconds = made
    if its_key != key:
        st.info(
            "Vos choix ont changé : préparez les documents de nouveau.", icon=":material/update:"
        )
        return
    if failed:
        st.warning(
            f"Ce qui suit n'a pas pu être écrit : {escape_markdown(joined(failed))}. Le reste est complet ; le "
            "détail est dans le terminal qui a lancé Gradient.",
            icon=":material/warning:",
        )
    st.success(
        f"{count_of(len(files), 'document prêt', 'documents prêts')} en {number(max(seconds, 1))} s.",
        icon=":material/task_alt:",
    )
    with st.container(horizontal=True):
        for kind, file in files.items():
            size = number(max(len(file.content) / 1e6, 0.1), 1)
            st.download_button(
                f"{LABELS[kind]} ({size} Mo)",
                file.content,
                file_name=file.name,
                mime=file.mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"telecharger-{kind}",
            )


def show_diagnosis(found: Current) -> None:
    """The whole diagnosis: which documents, which parts."""
    asked = choose_state(found)
    kinds = linked_list(
        "Documents", {name: kind.label for name, kind in KINDS.items()}, tuple(KINDS), "documents"
    )
    parts = linked_list("Parties, dans l'ordre du document", SECTIONS, tuple(SECTIONS), "parties")
    title = typed("titre", "Titre", TITLE, 120) or TITLE
    cover, template = choose_cover(codes=True)
    order = Order(kinds, parts, template)

    def make(tell: Progress) -> tuple[dict[str, File], list[str]]:
        return produce(asked, facts_of(asked, title, cover), order, tell)

    key = fingerprint(chosen_of(asked), order, title, cover)
    prepare("Préparer les documents", key, make, disabled=not kinds or not parts)


def show_fiches(found: Current) -> None:
    """Fiches-actions, pre-filled."""
    st.markdown(FICHES)
    asked = choose_state(found)
    if asked.need is None:
        st.info(NO_NEED, icon=":material/info:")
        return
    chosen = choose_aims(asked)
    cover, template = choose_cover()

    def make(tell: Progress) -> tuple[dict[str, File], list[str]]:
        facts = facts_of(asked, FICHES_TITLE, cover)
        return fiche_files(asked, chosen, facts, template, tell)

    key = fingerprint(chosen_of(asked), chosen, cover, template)
    prepare("Préparer les fiches", key, make, disabled=not chosen)


def show_departement(found: Current) -> None:
    """A portrait for each intercommunalité of a département."""
    st.markdown(DEPARTEMENT)
    left, right = st.columns(2)
    with left:
        code = choose_departement(found)
    area = area_of(code)
    with right:
        comparator = choose_comparator(area)
    count = len(bodies_of(code))
    if not count:
        st.info("Aucune intercommunalité n'est connue ici.", icon=":material/info:")
        return
    cover, _ = choose_cover()

    def make(tell: Progress) -> tuple[dict[str, File], list[str]]:
        batch = make_batch(area, code, comparator, cover, tell)
        return batch.files, list(batch.failed)

    key = fingerprint(area.codes, comparator.key, cover)
    prepare(f"Préparer {count_of(count, 'portrait')}", key, make)


WHATS = {
    "diagnostic": ("Le diagnostic", show_diagnosis),
    "fiches": ("Des fiches-actions", show_fiches),
    "departement": ("Tout un département", show_departement),
}

found = require_perimeter()
header(found, "Livrables")
st.markdown(INTRODUCTION)
what = linked_segments(
    "Que préparer ?", {key: label for key, (label, _) in WHATS.items()}, "diagnostic", "livrable"
)
WHATS[what][1](found)
