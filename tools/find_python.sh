#!/bin/sh
# Print a Python >= 3.11: $PYTHON when given, else the first one on the PATH, else uv's.

recent() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "$PYTHON" ]; then
    recent "$PYTHON" && echo "$PYTHON" && exit 0
    echo "PYTHON=$PYTHON n'est pas un Python 3.11 ou plus récent. Indiquez-en un autre." >&2
    exit 1
fi

for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
    recent "$candidate" && echo "$candidate" && exit 0
done

if command -v uv >/dev/null 2>&1; then
    uv python install --quiet 3.13 >&2 && uv python find 3.13 && exit 0
fi

echo "Gradient demande Python 3.11 ou plus récent ; trouvé : $(python3 --version 2>&1 || echo aucun)." >&2
echo "Installez-le (https://www.python.org/downloads/ ou le gestionnaire de paquets du système)," >&2
echo "puis relancez la commande, au besoin avec PYTHON=/chemin/vers/python3.13." >&2
exit 1
