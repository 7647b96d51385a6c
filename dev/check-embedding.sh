#!/usr/bin/env bash
# Proves what README says about embedding: with `traits: []` the package brings swift-nio, swift-log and what NIO itself
# needs, nothing else, and builds on a system without any -dev package.
#
#   dev/check-embedding.sh [--keep]      --keep: build on what the last run left, instead of from nothing
#
# The example is built with the headers of the optional libraries out of sight, in a mount namespace of its own.
set -u
cd "$(dirname "$0")/.." || exit 1

example=Examples/EmbeddedServer
# Built in the same place, which spares most of the time.
others=(Examples/MaildirDrop)
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

# The processor of one's own is tested with what the package offers for that, and shown in the tutorial as it is.
swift test --package-path Examples/CustomProcessor --scratch-path "$scratch" || failed=1
python3 - <<'PYTHON' || failed=1
import pathlib, re
article = pathlib.Path("Sources/Guerrilla/Guerrilla.docc/WritingAProcessor.md").read_text()
blocks = re.findall(r"```swift\n(.*?)```", article, re.DOTALL)
for path in pathlib.Path("Examples/CustomProcessor").glob("*/*/*.swift"):
    assert path.read_text() in blocks, f"{path} is not in the tutorial as it is"
PYTHON

# And the drop box receives: a message sent to it is a file in its Maildir.
python3 - "$scratch/debug/MaildirDrop" <<'PYTHON' || failed=1
import os, smtplib, subprocess, sys, tempfile
with tempfile.TemporaryDirectory() as directory:
    drop = os.path.join(directory, "drop")
    process = subprocess.Popen(["stdbuf", "-oL", sys.argv[1], "0", drop], stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.sendmail("a@example.org", ["drop@example.com"], "Subject: dropped\r\n\r\nHello.\r\n")
        names = os.listdir(os.path.join(drop, "new"))
        assert len(names) == 1, names
        with open(os.path.join(drop, "new", names[0])) as file:
            assert file.read().endswith("Subject: dropped\n\nHello.\n")
        print("MaildirDrop: received", names[0])
    finally:
        process.kill()
        process.wait()
PYTHON
exit $failed
