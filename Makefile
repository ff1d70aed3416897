# Gradient : « make run » installe tout et ouvre l'application, « make test » vérifie tout.

PY := .venv/bin/python
ifeq ($(OS),Windows_NT)
PY := .venv/Scripts/python.exe
endif

# Un fichier de tests reste dans un seul processus : un seul navigateur, une seule application.
# Les fichiers partent dans leur ordre : les longs (navigateur) d'abord, les plus courts à la fin.
PYTEST_OPTIONS ?= -n auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

MAKEFLAGS += --no-print-directory
export PYTHONUTF8 := 1

INSTALL = @python=$$(sh tools/find_python.sh) && "$$python" tools/install.py

.DEFAULT_GOAL := help
.PHONY: help run data install install-dev browser lint format test coverage bench requirements clean

help: ## affiche cette aide
	@echo "Commandes de Gradient :"
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile
	@echo "Réglages : PORT=8501 (port de l'application), PYTHON=… (interpréteur), GRADIENT_DATA_DIR=… (entrepôt)"

run: install ## installe, construit l'entrepôt embarqué et ouvre l'application (PORT=8501)
	@$(PY) -m warehouse build --profil embarque
	@$(PY) tools/serve.py

data: install ## construit l'entrepôt embarqué (rien à faire s'il est à jour)
	@$(PY) -m warehouse build --profil embarque

install: ## crée .venv et installe les dépendances d'exécution
	$(INSTALL)

install-dev: ## ajoute les outils de test et de vérification
	$(INSTALL) --dev

browser: install-dev ## cherche Chromium pour les tests de navigateur, l'installe si possible
	@$(PY) tools/browser.py

lint: install-dev ## vérifie le style, la mise en forme, les types et le sens des dépendances
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -c "from importlinter.cli import lint_imports_command as main; main()" --no-logo

format: install-dev ## met le code en forme et corrige ce qui peut l'être
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

test: lint browser ## vérifie le code puis lance tous les tests (pages et navigateur compris)
	@$(PY) -m pytest $(PYTEST_OPTIONS)

coverage: install-dev ## mesure la part des branches de diagnostic/ que les tests parcourent (95 % au moins)
	@$(PY) -m pytest $(PYTEST_OPTIONS) tests/unit tests/vectors \
		--cov=diagnostic --cov-branch --cov-report=term --cov-fail-under=95

bench: install-dev ## mesure la vitesse et la taille (dossier bench/)
	@$(PY) -m bench

requirements: ## régénère requirements*.txt à partir de requirements*.in (demande uv)
	@command -v uv >/dev/null || { echo "Il faut uv : voir https://docs.astral.sh/uv/" >&2; exit 1; }
	@for name in requirements requirements-dev; do \
		uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
			--no-emit-index-url --no-emit-find-links \
			--custom-compile-command "make requirements" "$$name.in" -o "$$name.txt" >/dev/null || exit 1; \
	done

clean: ## supprime .venv, les caches et les fichiers produits (pas l'entrepôt)
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis \
		static/leaflet static/geo
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
