"""Errors a connector raises; their messages are French sentences a user may read."""

from __future__ import annotations

from collections.abc import Iterable


class ConnectorError(Exception):
    """Base of all errors raised while reading a source."""


class SourceUnavailable(ConnectorError):
    """A source's file or package cannot be read.

    ``gone``: the address answers, and what was there is there no more; it may be elsewhere.
    """

    def __init__(self, source_id: str, reason: str, remedy: str, *, gone: bool = False) -> None:
        super().__init__(f"Source {source_id} indisponible : {reason} {remedy}")
        self.source_id, self.reason, self.remedy = source_id, reason, remedy
        self.gone = gone


class SchemaDrift(ConnectorError):
    """A table does not have the columns its card announces."""

    def __init__(
        self,
        source_id: str,
        table: str,
        vintage: str,
        *,
        missing: Iterable[str],
        extra: Iterable[str],
    ) -> None:
        self.source_id, self.table, self.vintage = source_id, table, vintage
        self.missing, self.extra = tuple(missing), tuple(extra)
        parts = [f"Source {source_id}, table {table}, millésime {vintage} : format inattendu."]
        if self.missing:
            parts.append(f"Colonnes absentes : {', '.join(self.missing)}.")
        if self.extra:
            parts.append(f"Colonnes inconnues : {', '.join(self.extra)}.")
        parts.append(f"À corriger : data/columns/{table}.csv, ou le fichier de la source.")
        super().__init__(" ".join(parts))


class InvalidCard(ConnectorError):
    """A card of data/ is malformed."""


class ChecksumMismatch(ConnectorError):
    """The bytes read are not those that the card pins."""


class AmbiguousFile(ConnectorError):
    """Two connectors take the same file for one of theirs."""

    def __init__(self, name: str, connectors: Iterable[str]) -> None:
        self.name, self.connectors = name, tuple(connectors)
        super().__init__(
            f"Le fichier {name} est reconnu par plusieurs connecteurs : "
            f"{', '.join(self.connectors)}. Retirez-le du dossier de dépôt et signalez-le : "
            "l'un des deux se trompe."
        )


class ImportRejected(ConnectorError):
    """A file that a visitor brought is not read at all; ``reason`` and ``remedy`` are French."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"Fichier {name} : {reason} {remedy}")
        self.name, self.reason, self.remedy = name, reason, remedy
