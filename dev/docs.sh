#!/usr/bin/env bash
# The package's documentation: every link leads somewhere, every piece of Swift in README and the articles compiles. Takes the modules
# from a debug build (`swift build`) and builds nothing itself; a few seconds. What is only incomplete, a public type without a place on the
# first page or a parameter without a word, is printed and fails nothing.
#
#   dev/docs.sh             checks
#   dev/docs.sh FOLDER      and leaves the documentation in FOLDER, ready for a web server
set -u
cd "$(dirname "$0")/.." || exit 1

built=$(swift build --show-bin-path) || exit 1
[ -e "$built/Modules/GuerrillaTesting.swiftmodule" ] || { echo "docs.sh: build first: swift build" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# What the compiler has to find: our modules, those they import, and the C modules below these.
search=(-I "$built/Modules")
while IFS= read -r map; do
    search+=(-Xcc "-fmodule-map-file=$map" -Xcc -I -Xcc "$(dirname "$map")")
done < <(find "$PWD/Sources" .build/checkouts/*/Sources "$built"/C*.build -name module.modulemap)

target=$(swiftc -print-target-info | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')
mkdir "$work/symbols"
for folder in Sources/Guerrilla*/; do
    swift-symbolgraph-extract -module-name "$(basename "$folder")" -target "$target" -minimum-access-level public \
        -skip-synthesized-members -output-dir "$work/symbols" "${search[@]}" || failed=1
done

python3 - "$work/symbols/Guerrilla.symbols.json" Sources/Guerrilla/Guerrilla.docc/Guerrilla.md <<'PYTHON'
import json, sys
with open(sys.argv[1]) as graph, open(sys.argv[2]) as page:
    names, text = [symbol["pathComponents"] for symbol in json.load(graph)["symbols"]], page.read()
lost = sorted(name for name, *inner in names if not inner and f"- ``{name}``" not in text)
if lost:
    print(f"not in Guerrilla.md: {', '.join(lost)}")
PYTHON

docc convert Sources/Guerrilla/Guerrilla.docc --additional-symbol-graph-dir "$work/symbols" --output-path "$work/archive" \
    --fallback-display-name Guerrilla --fallback-bundle-identifier swift-guerrilla >"$work/docc.log" 2>&1 || failed=1
cat "$work/docc.log"
grep -E '^(warning|error): ' "$work/docc.log" | grep -vqE 'is missing documentation|^warning: External name' && failed=1
[ $failed = 1 ] || [ -z "${1:-}" ] || { rm -rf "$1" && mv "$work/archive" "$1"; }

python3 dev/links.py || failed=1

python3 dev/snippets.py "$work/snippets" &&
    swiftc -typecheck -swift-version 6 -enable-upcoming-feature MemberImportVisibility -suppress-warnings -parse-as-library -module-name Snippets "${search[@]}" \
        "$work"/snippets/*.swift || failed=1
exit $failed
