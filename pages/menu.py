"""The menu: section -> (file of pages/, title, icon of the Material set), in order."""

from __future__ import annotations

PAGES = {
    "Mon territoire": (
        ("perimetre", "Périmètre", "location_on"),
        ("ce_qui_ressort", "Ce qui ressort", "lightbulb"),
        ("inegalites", "Inégalités", "stacked_bar_chart"),
        ("portrait", "Portrait", "list_alt"),
        ("indicateur", "Fiche indicateur", "description"),
        ("carte", "Carte", "map"),
        ("comparer", "Comparer", "compare_arrows"),
        ("mortalite", "Mortalité", "query_stats"),
        ("acces_aux_soins", "Accès aux soins", "medical_services"),
    ),
    "Enrichir": (
        ("importer", "Importer", "upload_file"),
        ("diagnostic_partage", "Diagnostic partagé", "forum"),
    ),
    "Décider": (
        ("cibles", "Cibler", "balance"),
        ("intensite", "Intensité", "tune"),
        ("actions", "Actions", "checklist"),
        ("qui_touche_t_on", "Qui touche-t-on ?", "groups"),
    ),
    "Produire": (
        ("livrables", "Livrables", "inventory_2"),
        ("reunion", "Mode réunion", "slideshow"),
    ),
    "Vérifier": (("donnees", "Données", "database"),),
}
