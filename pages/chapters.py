"""The sections of the diagnosis: which function writes each."""

from __future__ import annotations

from pages.care_chapter import access_blocks
from pages.composing import Builder
from pages.decision_chapter import dosing_blocks, noted_blocks, targeting_blocks
from pages.gaps_chapter import inequality_blocks, mortality_blocks
from pages.method_chapter import annex_blocks, method_blocks, sources_blocks
from pages.shared_chapter import shared_blocks
from pages.territory_chapter import findings_blocks, perimeter_blocks, portrait_blocks

BUILDERS: dict[str, Builder] = {
    "perimetre": perimeter_blocks,
    "ressort": findings_blocks,
    "portrait": portrait_blocks,
    "inegalites": inequality_blocks,
    "soins": access_blocks,
    "mortalite": mortality_blocks,
    "partage": shared_blocks,
    "cibles": targeting_blocks,
    "intensite": dosing_blocks,
    "notes": noted_blocks,
    "methode": method_blocks,
    "sources": sources_blocks,
    "annexe": annex_blocks,
}
