#!/usr/bin/env bash
# Coverage-guided fuzzing of the pure parts with libFuzzer, under the address sanitizer.
#
#   FuzzTesting/run.sh [SECONDS [FUZZER…]]        default: 60 seconds, all fuzzers one after the other
#
# First every input in FailCases/FUZZER is tried once: each is a bug that was fixed. The corpus begins with the dialogues in
# Tests/Transcripts and grows in .build-fuzzing/corpus, so that the next run goes on where this one stopped. A new crash is
# left in .build-fuzzing/crashes and fails the run; fix it, and keep its input in FailCases.
set -u
cd "$(dirname "$0")/.." || exit 1

seconds=${1:-60}
[ $# -gt 0 ] && shift
fuzzers=("$@")
[ ${#fuzzers[@]} -gt 0 ] ||
    fuzzers=(FuzzSession FuzzPaths FuzzHelo FuzzAllowedHosts FuzzHeaders FuzzEncodedWords FuzzDates FuzzProxy FuzzXCLIENT
        FuzzFastCGI FuzzRESP)
scratch=$PWD/.build-fuzzing
crashes=$scratch/crashes
mkdir -p "$crashes"

# Both sanitizers in one flag of the compiler: of two flags the last one wins, and SwiftPM gives `--sanitize=fuzzer
# --sanitize=address` in an order that changes from run to run. `--sanitize=fuzzer` is there for the linking.
build=(swift build --package-path FuzzTesting --scratch-path "$scratch" --sanitize=fuzzer
    -Xswiftc -sanitize=fuzzer,address)
for fuzzer in "${fuzzers[@]}"; do
    "${build[@]}" --product "$fuzzer" || exit 1
done
binaries=$("${build[@]}" --show-bin-path)

failed=0
for fuzzer in "${fuzzers[@]}"; do
    corpus=$scratch/corpus/$fuzzer
    mkdir -p "$corpus"
    python3 FuzzTesting/seeds.py "$fuzzer" "$corpus" || exit 1
    known=()
    for input in FuzzTesting/FailCases/"$fuzzer"/*; do
        [ -f "$input" ] && known+=("$input")
    done
    if [ ${#known[@]} -gt 0 ] && ! "$binaries/$fuzzer" "${known[@]}" >"$scratch/$fuzzer.log" 2>&1; then
        tail -n 30 "$scratch/$fuzzer.log"
        echo "$fuzzer: a bug that was fixed is back"
        failed=1
        continue
    fi
    if "$binaries/$fuzzer" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$crashes/$fuzzer-" "$corpus" >"$scratch/$fuzzer.log" 2>&1
    then
        if grep -q 'Is the code instrumented' "$scratch/$fuzzer.log"; then
            echo "$fuzzer: built without coverage, it finds nothing"
            failed=1
        fi
        grep -E 'number_of_executed_units|new_units_added' "$scratch/$fuzzer.log" | sed "s/^/$fuzzer: /"
    else
        tail -n 40 "$scratch/$fuzzer.log"
        echo "$fuzzer: crashed; the input is in $crashes"
        failed=1
    fi
done
exit $failed
