"""Data packages made for a test: a real distribution, found as pip's are, with the files given."""

from collections.abc import Mapping
from pathlib import Path


def install(site: Path, name: str, version: str, files: Mapping[str, bytes]) -> None:
    """Put distribution ``name`` in folder ``site`` (to be placed on the import path).

    Its code raises when it is imported: only its files may be read.
    """
    module = name.replace("-", "_")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    code = site / module / "__init__.py"
    code.parent.mkdir()
    code.write_text(f"raise RuntimeError('{module} a été importé')\n")
    for path, content in files.items():
        target = site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
