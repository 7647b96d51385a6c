#!/usr/bin/env bash
# What a change breaks for those who use the package: public declarations that are gone or different since BASE.
#
#   dev/api-diff.sh [BASE] [MODULE…]      BASE: a commit, default the last tag, or main where there is none; MODULE: default Guerrilla
#                                         and the three that it brings along, and GuerrillaTesting
#
# Builds both, below .build, so it takes about 9 minutes on 2 cores; exit code 1 if there is a breakage. Before 1.0 each belongs into
# CHANGELOG.md. What it says about the commit that made everything reloadable, for example:
#
#   API breakage: func Daemon.start() has been renamed to func start(on:)
#   API breakage: func Gateway.start(…) has return type change from () to _Concurrency.Task<Swift.Void, Swift.Never>?
#
# The first breaks nobody who calls it: its parameter has a default.
set -eu
cd "$(dirname "$0")/.."
base=${1:-$(git describe --tags --abbrev=0 2>/dev/null || echo main)}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- Guerrilla GuerrillaBackend GuerrillaMail GuerrillaSMTP GuerrillaTesting
exec swift package diagnose-api-breaking-changes "$base" --targets "$@"
