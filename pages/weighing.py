"""The need that a page rests on: its purpose, the weights of its domains, kept in the URL."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from diagnostic import need
from pages.linked import linked_selectbox, linked_slider
from pages.needs import GENERAL, need_card, purposes, suited
from pages.shared import indicators
from views.cibles import aside_text, beside_text, weights_text
from warehouse.needs import PurposeCard

WEIGHT_PREFIX = "poids_"


@dataclass(frozen=True)
class Chosen:
    """A purpose, and the weights of its domains, summing to 1."""

    purpose: PurposeCard
    weights: dict[str, float]

    @property
    def labels(self) -> dict[str, str]:
        """Label of each domain that counts."""
        return {domain.id: domain.label for domain in need_card(self.purpose.id).domains}


def choose_purpose() -> PurposeCard:
    """What the targeting is for, with its reason and what it lacks."""
    known = purposes()
    key = linked_selectbox(
        st.container(width=420),
        "Finalité",
        {one.id: one.label for one in known.values()},
        GENERAL,
        "finalite",
        help="Une finalité propose des domaines, des poids de départ et une population visée. "
        "Tout se change ensuite.",
    )
    purpose = known[key]
    st.markdown(purpose.reason)
    if purpose.mixed:
        st.info(
            "Pour cette finalité, l'accès aux soins entre dans le besoin : les deux axes ne sont plus "
            "croisés.",
            icon=":material/merge:",
        )
    for sentence in missing_texts(purpose):
        st.caption(sentence)
    return purpose


def choose_need(label: str) -> Chosen:
    """The need of the page Cibler, changed here too, folded under ``label``; stops without any."""
    with st.expander(label, icon=":material/balance:"):
        purpose = choose_purpose()
        if not need_card(purpose.id).domains:
            st.info(
                "Aucun indicateur de ce besoin n'est chargé : chargez des données (page Données) pour "
                "lire cette page.",
                icon=":material/info:",
            )
            st.stop()
        return choose_weights(purpose)


def missing_texts(purpose: PurposeCard) -> list[str]:
    """Domains that do not count, and figures that would tell more, in words."""
    cards = indicators()
    aside = {
        domain.label: [cards[one.id].short_label for one in domain.indicators]
        for domain in suited(purpose.id).aside
    }
    beside = [cards[name].label for name in purpose.beside if name in cards]
    return [*aside_text(aside), *beside_text(beside)]


def choose_weights(purpose: PurposeCard) -> Chosen:
    """The weight of each domain, brought back to 100."""
    card = need_card(purpose.id)
    st.markdown("**Le poids de chaque domaine**")
    raw, keys = {}, set()
    for column, domain in zip(st.columns(len(card.domains)), card.domains, strict=True):
        key = weight_key(purpose.id, domain.id)
        raw[domain.id] = linked_slider(
            column, domain.label, (0, 100), domain.weight, key, help=domain.reason
        )
        keys.add(key)
    _forget_others(keys)
    if not any(raw.values()):
        st.warning(
            "Tous les poids sont à zéro : les poids égaux sont utilisés.", icon=":material/balance:"
        )
        raw = dict.fromkeys(raw, 1)
    weights = need.normalised_weights(card.directions, raw)
    chosen = Chosen(purpose, weights)
    st.caption(weights_text({chosen.labels[name]: share for name, share in weights.items()}))
    return chosen


def weight_key(purpose: str, domain: str) -> str:
    """Name of a weight in the URL; those of the general purpose bear no other name."""
    return f"{WEIGHT_PREFIX}{domain if purpose == GENERAL else f'{purpose}_{domain}'}"


def _forget_others(keys: set[str]) -> None:
    """Take out of the URL the weights of another purpose."""
    for name in [one for one in st.query_params if one.startswith(WEIGHT_PREFIX)]:
        if name not in keys:
            del st.query_params[name]
