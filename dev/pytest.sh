#!/usr/bin/env bash
# Runs the system tests (Tests/System) against the release build, or against the binary named by GUERRILLAD. What a test
# needs and does not find is a failure here.
#
#   dev/pytest.sh [pytest arguments]         for example  dev/pytest.sh -k kill
set -u
cd "$(dirname "$0")/.." || exit 1

python=python3
if ! python3 -c 'import pytest' 2>/dev/null; then
    python=.build-venv/bin/python
    [ -x $python ] || python3 -m venv .build-venv || exit
    $python -c 'import pytest' 2>/dev/null || $python -m pip install --quiet pytest || exit
fi
export GUERRILLA_REQUIRE_ALL=1
exec "$python" -m pytest -p no:cacheprovider --tb=short -rfEs Tests/System "$@"
