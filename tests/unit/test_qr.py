"""The QR code holds the address, and says which addresses no telephone could open."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from io import BytesIO

import numpy as np
import pytest
import segno
from matplotlib.image import imread

from views.qr import LOCAL_ONLY, checked_base, opens_elsewhere, qr_png, qr_svg

ADDRESS = "https://gradient.exemple.fr/reunion?p=epci:249500109&ecran=3"


def modules(png: bytes, scale: int) -> list[list[int]]:
    """Dark modules of the image, its quiet zone left out."""
    pixels = imread(BytesIO(png), format="png")
    grey = pixels if pixels.ndim == 2 else pixels[..., 0]
    dark = (grey[scale // 2 :: scale, scale // 2 :: scale] < 0.5).astype(int)
    return dark[4:-4, 4:-4].tolist()


@pytest.mark.parametrize("scale", [1, 8])
def test_the_picture_holds_the_modules_of_the_address(scale: int) -> None:
    expected = [list(row) for row in segno.make(ADDRESS, error="m", micro=False).matrix]
    assert modules(qr_png(ADDRESS, scale), scale) == expected
    assert np.array(expected).mean() > 0.3


def test_the_drawing_is_an_element_with_its_description() -> None:
    drawing = ElementTree.fromstring(qr_svg(ADDRESS))
    assert drawing.tag.endswith("svg") and drawing.get("viewBox")
    titles = [node.text for node in drawing if node.tag.endswith("title")]
    assert titles == ["Code à scanner : l'adresse de cet écran"]


def test_the_same_address_gives_the_same_code_and_another_another() -> None:
    assert qr_png(ADDRESS) == qr_png(ADDRESS) != qr_png(ADDRESS + "&x=1")


@pytest.mark.parametrize(
    ("url", "opens"),
    [
        (ADDRESS, True),
        ("http://192.168.1.12:8501/reunion", True),
        ("http://127.0.0.1:8501/reunion", False),
        ("http://localhost:8501", False),
        ("http://gradient.localhost", False),
        ("http://[::1]:8501/", False),
        ("http://0.0.0.0:8501/", False),
        ("", False),
        ("pas une adresse", False),
    ],
)
def test_an_address_of_this_machine_opens_nowhere_else(url: str, opens: bool) -> None:
    assert opens_elsewhere(url) is opens


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://gradient.exemple.fr/", "https://gradient.exemple.fr"),
        ("http://192.168.1.12:8501/sante", "http://192.168.1.12:8501/sante"),
    ],
)
def test_an_address_typed_is_kept_without_its_last_slash(typed: str, kept: str) -> None:
    assert checked_base(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "gradient.exemple.fr",
        "javascript:alert(1)",
        "https://",
        "https://nom:mot@exemple.fr",
        "https://exemple.fr/?p=1",
        "https://exemple.fr/#x",
        "https://exemple.fr:port",
        "https://exemple.fr/<b>",
        "https://exemple .fr",
        "https://[exemple",
    ],
)
def test_what_is_not_an_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="ne se lit pas"):
        checked_base(typed)


def test_an_address_of_this_machine_is_refused_and_why() -> None:
    with pytest.raises(ValueError, match=LOCAL_ONLY):
        checked_base("http://localhost:8501")
