#!/usr/bin/env bash
# Proves what README says about embedding: with `traits: []` the package brings swift-nio, swift-log and what NIO itself
# needs, nothing else, and builds on a system without any -dev package. And every example does what it says.
#
#   dev/check-embedding.sh [--keep]      --keep: build on what the last run left, instead of from nothing
#
# The first example is built with the headers of the optional libraries out of sight, in a mount namespace of its own.
set -u
cd "$(dirname "$0")/.." || exit 1

example=Examples/EmbeddedServer
# Built in the same place, which spares most of the time.
others=(Examples/MaildirDrop Examples/EventsSubscriber)
tested=(Examples/CustomProcessor Examples/InboxForTests)
scratch=$PWD/.build-embedding
allowed="swift-atomics swift-collections swift-log swift-nio swift-system"
# Headers that only optional modules include. Add to this list what a new trait needs.
hidden=(/usr/include/{sqlite3,blake2,zlib,zstd,mariadb/mysql,postgresql/libpq-fe}.h)

[ -f "$example/Package.swift" ] || { echo "check-embedding.sh: there is no $example" >&2; exit 1; }
[ "${1:-}" = --keep ] || rm -rf "$scratch"

failed=0
swift package --package-path "$example" --scratch-path "$scratch" resolve || exit 1

fetched=$(find "$scratch/checkouts" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | tr '\n' ' ')
for name in $fetched; do
    case " $allowed " in
        *" $name "*) ;;
        *) echo "check-embedding.sh: an embedder fetches $name" >&2; failed=1 ;;
    esac
done
[ -n "$fetched" ] || { echo "check-embedding.sh: nothing was fetched, so nothing is proved" >&2; failed=1; }
echo "fetched: $fetched"

build=(swift build --package-path "$example" --scratch-path "$scratch")
present=()
for header in "${hidden[@]}"; do
    [ -e "$header" ] && present+=("$header")
done
if [ ${#present[@]} -eq 0 ]; then
    echo "hidden: nothing, none of these is installed: ${hidden[*]}"
    "${build[@]}" || failed=1
else
    namespace=(unshare --mount)
    [ "$(id -u)" -eq 0 ] || namespace=(unshare --map-root-user --mount)
    echo "hidden: ${present[*]}"
    # An empty file in place of each header: whoever includes it finds nothing in it.
    "${namespace[@]}" bash -c '
        headers=$1; shift
        for header in $headers; do
            mount --bind /dev/null "$header" && [ ! -s "$header" ] || { echo "cannot hide $header" >&2; exit 1; }
        done
        exec "$@"' hide "${present[*]}" "${build[@]}" || failed=1
fi

for other in "${others[@]}"; do
    echo "$other"
    swift build --package-path "$other" --scratch-path "$scratch" || failed=1
done

for package in "${tested[@]}"; do
    echo "$package"
    swift test --package-path "$package" --scratch-path "$scratch" || failed=1
done

python3 dev/check_examples.py "$scratch/debug" || failed=1
exit $failed
