"""Errors of the warehouse; their messages are French sentences a user may read."""

from __future__ import annotations

from collections.abc import Sequence


class WarehouseError(Exception):
    """Base of all errors of the warehouse."""


class NotBuilt(WarehouseError):
    """No warehouse has been published yet."""

    def __init__(self) -> None:
        super().__init__(
            "Aucun entrepôt de données n'est construit. Lancez « make run », "
            "ou « python -m warehouse build »."
        )


class ChecksFailed(WarehouseError):
    """A build broke a rule of the contract; nothing was published."""

    def __init__(self, rows: Sequence[tuple[str, str, str]]) -> None:
        self.rows = tuple(rows)
        shown = "\n".join(
            f"  - {check} : {problem} ({detail})" for check, problem, detail in rows[:20]
        )
        super().__init__(
            f"{len(rows)} anomalie(s) trouvée(s) par les contrôles, rien n'est publié :\n{shown}"
        )


class UnusableData(WarehouseError):
    """A script of sql/ refused what a source holds; nothing was published."""

    def __init__(self, script: str, reason: str) -> None:
        super().__init__(
            f"Une donnée n'a pas pu être lue, rien n'est publié. Étape {script} : {reason} "
            "Corrigez le fichier de la source, puis relancez « python -m warehouse build »."
        )


class BuildInProgress(WarehouseError):
    """Another build holds the lock."""

    def __init__(self) -> None:
        super().__init__("Une autre construction est en cours ; attendez qu'elle se termine.")
