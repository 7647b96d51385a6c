#!/usr/bin/env bash
# The system tests with long parameters: 20 rounds of kill -9, more random input, handshakes for half a minute, and a load under
# which memory has to stay level; before them, what reading hostile header sections of 900 KiB costs. About half an hour with the
# defaults.
#
#   ROUNDS=50 MINUTES=60 dev/soak.sh [pytest arguments]
set -u
cd "$(dirname "$0")/.." || exit 1

dev/deps.sh build test || exit 1
# Header sections of the largest size there is, in every reader.
HEADER_COST_SIZE=921600 swift test --filter HeaderCost || exit 1
GUERRILLAD=$(dev/build-release.sh) || exit 1
export GUERRILLAD GUERRILLA_SOAK=1 ROUNDS="${ROUNDS:-20}" MINUTES="${MINUTES:-10}"
exec dev/pytest.sh -v --durations=10 "$@"
