#!/usr/bin/env bash
# Every check there is, in phases; `make test` and continuous integration run exactly this.
#
# A phase's output goes to .build-logs/PHASE.log; the end of it is shown when the phase fails. Later phases still run unless
# they need what failed. Exit code 0 only if every phase passed; the last line counts the tests of pytest and swift test.
set -u
cd "$(dirname "$0")/.." || exit 1

logs=$PWD/.build-logs
rm -rf "$logs"
mkdir -p "$logs"

names=() states=() times=()
phase() { # phase NAME COMMAND…
    local name=$1 began=$SECONDS state=ok
    shift
    printf '%-18s ' "$name"
    if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
        printf 'ok      %4d s\n' $((SECONDS - began))
    else
        state=FAILED
        printf 'FAILED  %4d s\n' $((SECONDS - began))
        sed 's/^/    | /' "$logs/$name.log" | tail -n 80
        printf '    (all of it: %s)\n' ".build-logs/$name.log"
    fi
    names+=("$name") states+=("$state") times+=($((SECONDS - began)))
    [ "$state" = ok ]
}
leave_out() { # leave_out NAME REASON
    printf '%-18s not run: %s\n' "$1" "$2"
    names+=("$1") states+=("not run") times+=(0)
}

# Warnings are errors here. SwiftPM applies that to this package only, never to the ones it fetched.
checked_build=(--build-tests -Xswiftc -warnings-as-errors --explicit-target-dependency-import-check error)

binary() {
    GUERRILLAD=$(dev/build-release.sh) && export GUERRILLAD && "$GUERRILLAD" version
}

phase dependencies dev/deps.sh build test
phase format dev/check.sh format
phase rules dev/check.sh rules
if phase build swift build "${checked_build[@]}"; then
    phase unit-tests timeout 900 swift test --skip-build
    phase documentation dev/docs.sh
else
    leave_out unit-tests "the build failed"
    leave_out documentation "the build failed"
fi
if phase release binary; then
    phase system-tests timeout 2400 dev/pytest.sh -q --durations=10
else
    leave_out system-tests "there is no guerrillad"
fi
phase fuzzing timeout 600 FuzzTesting/run.sh 5
if [ -n "${CI:-}" ]; then
    phase embedding dev/check-embedding.sh
else
    phase embedding dev/check-embedding.sh --keep
fi

# The tests that were counted. A runner that ended without its closing line has failed, whatever it printed before.
passed=0 failed=0
count() { # count PASSED FAILED
    passed=$((passed + $1)) failed=$((failed + $2))
}
if [ -f "$logs/unit-tests.log" ]; then
    total=$(sed -nE 's/.*Test run with ([0-9]+) tests?.*/\1/p' "$logs/unit-tests.log" | awk '{ n += $1 } END { print n + 0 }')
    broken=$(grep -cE '^[^[:alnum:]]*Test [^ ].* failed after' "$logs/unit-tests.log")
    broken=$((broken - $(grep -cE 'Test run with .* failed after' "$logs/unit-tests.log")))
    [ "$total" -gt 0 ] || broken=$((broken > 0 ? broken : 1))
    total=$((total - $(grep -cE '^[^[:alnum:]]*Test [^ ].* skipped' "$logs/unit-tests.log")))
    count $((total > broken ? total - broken : 0)) "$broken"
fi
if [ -f "$logs/system-tests.log" ]; then
    closing=$(grep -E '^(=+ )?([0-9]+ (passed|failed|errors?|skipped|deselected)(, )?)+.* in [0-9.]+s' "$logs/system-tests.log" |
        tail -n 1)
    number() { sed -nE "s/.*[^0-9]([0-9]+) $1.*/\1/p" <<<" $closing" | head -n 1; }
    ok=$(number passed) bad=$(number failed) errors=$(number 'errors?')
    [ -n "$closing" ] || bad=1
    count "${ok:-0}" $((${bad:-0} + ${errors:-0}))
fi

if grep -q '= figures =' "$logs/system-tests.log" 2>/dev/null; then
    printf '\n'
    sed -n '/= figures =/,/^=.*=$/p' "$logs/system-tests.log" | grep -v '^='
fi
printf '\n%-18s %-8s %s\n' phase state seconds
status=0
for i in "${!names[@]}"; do
    printf '%-18s %-8s %d\n' "${names[$i]}" "${states[$i]}" "${times[$i]}"
    [ "${states[$i]}" = ok ] || status=1
done
printf '%-18s %-8s %d\n\n' all "$([ $status = 0 ] && echo ok || echo FAILED)" $SECONDS
# Again at the end, where it is found when only the end of the output is kept.
if [ $status != 0 ]; then
    grep -hE '^(FAILED|ERROR) ' "$logs/system-tests.log" 2>/dev/null | cut -c1-400
    grep -hE '^[^[:alnum:]]*Test [^ ].* (recorded an issue|failed after)' "$logs/unit-tests.log" 2>/dev/null |
        grep -v 'Test run' | cut -c1-400
    printf '\n'
fi
# Never "0 failed" after a failure, and never success without a test.
[ $status = 0 ] || [ $failed -gt 0 ] || failed=1
[ $passed -gt 0 ] || status=1
[ $failed = 0 ] || status=1
echo "$passed passed, $failed failed"
exit $status
