#!/usr/bin/env bash
# `make bench`: builds release, measures guerrillad without and with its store beside the C floor and smtp-sink in one
# interleaved run, and prints Markdown tables. About 30 minutes with the defaults; arguments go to bench.py run, for example
#
#   Benchmarks/run.sh --repeat 1 --seconds 1 --scenarios keep-2k,pipe-2k
set -u
cd "$(dirname "$0")/.." || exit 1

dev/deps.sh build test || exit 1
GUERRILLAD=$(dev/build-release.sh) || exit 1
export GUERRILLAD BENCH_WORK="${BENCH_WORK:-$PWD/.build-bench}"
mkdir -p "$BENCH_WORK"
raw=$BENCH_WORK/runs.jsonl
rm -f "$raw"

python3 Benchmarks/bench.py build || exit 1
swift build -c release --package-path Benchmarks/NIOFloor --scratch-path .build-niofloor || exit 1
cp .build-niofloor/release/NIOFloor "$BENCH_WORK/nio-floor" || exit 1
python3 Benchmarks/bench.py run --raw "$raw" --servers ours,ours-sqlite,nio-floor,floor,smtp-sink \
    --scenarios conn-2k,keep-2k,pipe-2k,bdat-2k,keep-100k,keep-1m,bdat-1m,rate-2k,tls-conn-2k,tls-keep-2k,tls-keep-1m,idle-greet,idle-msg,idle-tls "$@" || exit 1
printf '\n'
python3 Benchmarks/bench.py report "$raw"
