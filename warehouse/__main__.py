"""Command line: ``python -m warehouse build|status|path|check|sources``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import duckdb
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from connectors.cards import load_sources
from connectors.errors import ConnectorError
from warehouse.build import Report, Step, build, run_checks
from warehouse.errors import WarehouseError
from warehouse.paths import published
from warehouse.read import Warehouse

PROFILES = ("embarque",)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def _french(number: float, decimals: int = 0) -> str:
    return f"{number:,.{decimals}f}".replace(",", "\u202f").replace(".", ",")


def _build(arguments: argparse.Namespace) -> int:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=not arguments.verbeux) as bar:
        task = bar.add_task("Construction de l'entrepôt", total=None)

        def show(step: Step) -> None:
            bar.update(task, total=step.total, completed=step.done)
            if arguments.verbeux:
                rows = f", {_french(step.rows)} lignes" if step.rows else ""
                bar.console.print(f"  {step.label}{rows}, {_french(step.seconds, 1)} s")

        report = build(arguments.profil, progress=show, force=arguments.force)
    _tell(report)
    return 0


def _tell(report: Report) -> None:
    if not report.fresh:
        out.print(f"Entrepôt déjà à jour ({report.published.build_id}).")
        return
    out.print(
        f"Entrepôt construit en {_french(report.seconds, 1)} s : "
        f"{_french(report.rows)} observations ({report.published.build_id})."
    )


def _path(_: argparse.Namespace) -> int:
    sys.stdout.write(f"{published().path}\n")
    return 0


def _status(_: argparse.Namespace) -> int:
    current = published()
    warehouse = Warehouse(current.path)
    facts = warehouse.facts
    size = current.path.stat().st_size / 1e6
    out.print(
        f"Construction {facts['build_id']}, du {facts['construit_le']}, {_french(size, 1)} Mo."
    )
    table = Table("Source", "Millésime", "Lignes", "État")
    for row in warehouse.mart("sources").itertuples():
        table.add_row(str(row.id), str(row.vintage), _french(int(str(row.rows))), str(row.state))
    out.print(table)
    warehouse.close()
    return 0


def _check(_: argparse.Namespace) -> int:
    """Rules that a published file must still meet."""
    with duckdb.connect(str(published().path), read_only=True) as connection:
        run_checks(connection, published_only=True)
    out.print("Contrôles passés.")
    return 0


def _sources(_: argparse.Namespace) -> int:
    table = Table("Source", "Producteur", "Titre", "Millésime", "Licence")
    for card in load_sources().values():
        table.add_row(card.id, card.producer, card.title, card.vintage, card.licence)
    out.print(table)
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands, described in French."""
    root = argparse.ArgumentParser(
        prog="python -m warehouse", description="L'entrepôt de données de Gradient."
    )
    commands = root.add_subparsers(dest="commande", required=True)
    one = commands.add_parser("build", help="construit et publie l'entrepôt")
    one.add_argument(
        "--profil", choices=PROFILES, default="embarque", help="jeu de données à construire"
    )
    one.add_argument(
        "--force", action="store_true", help="reconstruit même si l'entrepôt est à jour"
    )
    one.add_argument("--verbeux", action="store_true", help="détaille chaque étape")
    one.set_defaults(run=_build)
    for name, run, text in (
        ("status", _status, "dit ce qui est publié, source par source"),
        ("path", _path, "affiche le chemin du fichier publié"),
        ("check", _check, "repasse les contrôles sur le fichier publié"),
        ("sources", _sources, "liste les sources connues"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    return root


def _refuse(sentence: str) -> int:
    err.print(sentence, markup=False, soft_wrap=True)
    return 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it went well, 1 with a French sentence otherwise."""
    arguments = parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except (WarehouseError, ConnectorError) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"Le dossier de l'entrepôt n'est pas utilisable : {error}.")
    except duckdb.IOException as error:
        return _refuse(
            f"L'entrepôt publié ne se lit pas : {error}\n"
            "Relancez « python -m warehouse build --force »."
        )
    except KeyboardInterrupt:
        err.print("Interrompu : l'entrepôt publié n'a pas changé.")
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
