"""data.gouv.fr: the datasets of an organisation, the addresses of a resource, the tabular API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.base import RawFile
from connectors.text_files import Place, read_json

RESOURCE = re.compile(r"(?<=/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=/|$|\?)")
# The service allows 50 rows a page by default; readers use 200, which it may refuse.
PAGE_ROWS = 50


def rows_url(base: str, resource: str, query: Mapping[str, str]) -> str:
    """Rows of a resource through the tabular API at ``base``, filtered by ``query``."""
    asked = urlencode({**query, "page_size": str(PAGE_ROWS)}, safe=",")
    return f"{base.rstrip('/')}/{resource}/data/?{asked}"


def next_rows(raw: RawFile, source_id: str) -> str | None:
    """Address of the page that follows one of the tabular API; None on the last."""
    document = read_json(raw, Place(source_id, "réponse", "API tabulaire"))
    links = document.get("links") if isinstance(document, dict) else None
    following = links.get("next") if isinstance(links, dict) else None
    return str(following) if following else None


def resource_of(catalogue: Iterable[Mapping[str, Any]], table: str) -> Mapping[str, Any] | None:
    """The newest CSV of the dataset about ``table`` (``t_geo_com``), by its slug or its title.

    Dictionaries and memos stand beside the data: the file has the name of the table.
    """
    names = {table, table.replace("_", "-")}
    found = [
        resource
        for dataset in catalogue
        if any(name in f"{dataset.get('slug')} {dataset.get('title')}".lower() for name in names)
        for resource in dataset.get("resources") or []
        if _is_csv(resource)
        and any(name in f"{resource.get('title')} {resource.get('url')}".lower() for name in names)
    ]
    return max(found, key=lambda one: str(one.get("last_modified") or ""), default=None)


def stable_url(resource: Mapping[str, Any]) -> str:
    """The address that leads to the newest file, whatever its date."""
    return str(resource.get("latest") or resource.get("url"))


def resource_elsewhere(
    listing: str, url: str, table: str, read: Callable[[str], bytes]
) -> str | None:
    """The same request on the resource that the organisation gives today for ``table``."""
    try:
        document = json.loads(read(listing))
    except ValueError:
        return None
    catalogue = document.get("data", []) if isinstance(document, dict) else []
    resource = resource_of(catalogue, table)
    former = RESOURCE.search(url)
    if resource is None or former is None or not resource.get("id"):
        return None
    found = url[: former.start()] + str(resource["id"]) + url[former.end() :]
    return None if found == url else found


def _is_csv(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("format") or "").lower() == "csv"
