"""What a visitor gives for the documents, checked before use: a logo, a Word template."""

from __future__ import annotations

import io
import warnings
import zipfile
from xml.etree import ElementTree

from docx import Document
from PIL import Image, UnidentifiedImageError

MOST_LOGO_BYTES = 2_000_000
MOST_LOGO_PIXELS = 20_000_000
MOST_TEMPLATE_BYTES = 3_000_000
_LOGO_FORMATS = ("PNG", "JPEG")
_LOGO_BOX = (1000, 400)
_MOST_UNZIPPED = 30_000_000
_MOST_ENTRIES = 500
_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
# What a template may carry that runs, fetches or embeds.
_ACTIVE = ("vbaproject", "activex", "embeddings/", "oleobject", "attachedtoolbars", "afchunk")


class RefusedFile(ValueError):
    """A file given by the visitor is not taken; the message says why and what to do, in French."""


def checked_logo(content: bytes) -> bytes:
    """The logo as a new PNG: only pixels are kept. Raises RefusedFile."""
    if len(content) > MOST_LOGO_BYTES:
        raise RefusedFile("Ce logo dépasse 2 Mo : réduisez l'image, puis déposez-la de nouveau.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_LOGO_FORMATS) as image:
                if image.width * image.height > MOST_LOGO_PIXELS:
                    raise RefusedFile("Ce logo a trop de pixels : réduisez l'image.")
                kept = image.convert("RGBA")
    except UnidentifiedImageError as error:
        raise RefusedFile(
            "Ce fichier n'est pas une image PNG ou JPEG. Un dessin SVG n'est pas pris : exportez-le en PNG."
        ) from error
    except (
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        if isinstance(error, RefusedFile):
            raise
        raise RefusedFile(
            "Cette image est abîmée ou trop grande : enregistrez-la de nouveau en PNG."
        ) from error
    kept.thumbnail(_LOGO_BOX)
    flat = Image.new("RGB", kept.size, "white")
    flat.paste(kept, mask=kept.getchannel("A"))
    buffer = io.BytesIO()
    flat.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def checked_template(content: bytes) -> bytes:
    """A Word template without macro, embedded object nor link to the outside. Raises RefusedFile."""
    if len(content) > MOST_TEMPLATE_BYTES:
        raise RefusedFile("Ce modèle dépasse 3 Mo : allégez-le, puis déposez-le de nouveau.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _check_package(package)
        Document(io.BytesIO(content))
    except RefusedFile:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, OSError) as error:
        raise RefusedFile(
            "Ce fichier n'est pas un document Word (.docx) lisible. Enregistrez-le au format .docx."
        ) from error
    return content


def _check_package(package: zipfile.ZipFile) -> None:
    entries = package.infolist()
    if len(entries) > _MOST_ENTRIES or sum(one.file_size for one in entries) > _MOST_UNZIPPED:
        raise RefusedFile("Ce modèle est trop gros une fois ouvert : allégez-le.")
    if any(word in one.filename.lower() for one in entries for word in _ACTIVE):
        raise RefusedFile(
            "Ce modèle contient une macro ou un objet incorporé : enregistrez-le sans, au format .docx."
        )
    types = package.read("[Content_Types].xml").decode("utf-8", "replace")
    if _MAIN_TYPE not in types:
        raise RefusedFile(
            "Ce fichier n'est pas un document Word simple : enregistrez-le au format .docx, sans macro."
        )
    for one in entries:
        if one.filename.endswith((".xml", ".rels")):
            content = package.read(one)
            if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
                raise RefusedFile("Ce modèle contient une définition que Word n'écrit jamais.")
            if one.filename.endswith(".rels") and _goes_outside(content):
                raise RefusedFile(
                    "Ce modèle va chercher un contenu ailleurs (image liée, modèle attaché, lien) : retirez ces "
                    "liens, puis déposez-le de nouveau."
                )


def _goes_outside(relations: bytes) -> bool:
    """Whether a list of relations, already known to hold no entity, points out of the file."""
    return any(one.get("TargetMode") == "External" for one in ElementTree.fromstring(relations))
