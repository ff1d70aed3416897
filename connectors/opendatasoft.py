"""Opendatasoft portals (Odissé, Dares): a dataset exported whole, and looked for when its id moved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

CATALOGUE = "/api/explore/v2.1/catalog/datasets"
EXPORTED = re.compile(rf"{CATALOGUE}/([^/?]+)/exports/")


def export_url(
    base: str, dataset: str, *, labels: bool, separator: str = ",", where: str = ""
) -> str:
    """The whole of a dataset as CSV, with French labels or field names as headers.

    ``where`` keeps the rows that an ODSQL condition holds for.
    """
    query = {"delimiter": separator, "lang": "fr", "use_labels": "true" if labels else "false"}
    if where:
        query["where"] = where
    return f"{base}{CATALOGUE}/{dataset}/exports/csv?{urlencode(query)}"


def search_url(base: str, words: str) -> str:
    """The catalogue, searched by words: it answers ``results[].dataset_id``."""
    query = urlencode({"where": f'"{words}"', "limit": 100, "select": "dataset_id"})
    return f"{base}{CATALOGUE}?{query}"


def dataset_of(answer: dict[str, Any], known: str, words: Sequence[str]) -> str | None:
    """The dataset id to ask for: the known one if it lives, else the shortest that has all words.

    A word may be a regular expression.
    """
    ids = [str(one.get("dataset_id", "")) for one in answer.get("results", [])]
    if known in ids:
        return known
    close = [one for one in ids if all(re.search(word, one) for word in words)]
    return min(close, key=lambda one: (len(one), one)) if close else None


def moved(
    base: str, url: str, searched: str, words: Sequence[str], read: Callable[[str], bytes]
) -> str | None:
    """Address of the same export for the dataset that the portal now holds under another id."""
    match = EXPORTED.search(url)
    if match is None:
        return None
    try:
        answer = json.loads(read(search_url(base, searched)))
    except ValueError:
        return None
    found = dataset_of(answer, match[1], words) if isinstance(answer, dict) else None
    if found is None or found == match[1]:
        return None
    return url[: match.start(1)] + found + url[match.end(1) :]
