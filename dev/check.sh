#!/usr/bin/env bash
# What can be said about the sources without building them; about half a minute. Every finding is printed, then it fails.
#
#   dev/check.sh            everything
#   dev/check.sh format     only the format (swift format lint)
#   dev/check.sh rules      only module rules, documentation and what else dev/check_sources.py looks at
set -u
cd "$(dirname "$0")/.." || exit 1

failed=0
what=${1:-all}

if [ "$what" = all ] || [ "$what" = format ]; then
    places=()
    for place in Sources Tests Examples Benchmarks FuzzTesting Package.swift; do
        [ -e "$place" ] && places+=("$place")
    done
    swift format lint --strict --recursive --parallel "${places[@]}" || {
        echo "check.sh: run 'make format'" >&2
        failed=1
    }
fi

if [ "$what" = all ] || [ "$what" = rules ]; then
    python3 dev/check_sources.py || failed=1

    # Every public declaration has a documentation comment. swift format knows what a declaration is, so it is asked, with
    # the house's configuration and this one rule on top.
    configuration=$(mktemp) findings=$(mktemp)
    python3 - >"$configuration" <<'PYTHON'
import json
with open(".swift-format") as file:
    configuration = json.load(file)
configuration["rules"] = {name: False for name in configuration["rules"]}
configuration["rules"]["AllPublicDeclarationsHaveDocumentation"] = True
print(json.dumps(configuration))
PYTHON
    swift format lint --configuration "$configuration" --recursive --parallel Sources >"$findings" 2>&1
    if grep -F '[AllPublicDeclarationsHaveDocumentation]' "$findings"; then
        failed=1
    fi
    rm -f "$configuration" "$findings"
fi

exit $failed
