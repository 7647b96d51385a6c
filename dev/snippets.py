#!/usr/bin/env python3
"""Takes the Swift out of README and the articles, for dev/docs.sh to compile.

    dev/snippets.py FOLDER      a file for each document; each piece becomes a function

What stands in an example as it is was compiled there. A piece may use a daemon, a configuration, an envelope, and what PRELUDE declares.
Parts of a Package.swift are looked at by SwiftPM.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRELUDE = """\
import Guerrilla

struct Printer: Processor {
    static let capabilities: ProcessorCapabilities = [.saves]
    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict { try await next(&envelope) }
}

func signUp(_ address: String, smtpPort: Int) async throws {}
"""
FUNCTION = """\
#sourceLocation(file: "{path}", line: {line})
func {name}(_ daemon: Daemon, _ envelope: Envelope) async throws {{
    var (configuration, envelope) = (DaemonConfiguration(), envelope)
    do {{
#sourceLocation(file: "{path}", line: {line})
{code}
    }}
}}
"""


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True)
    folder.joinpath("Prelude.swift").write_text(PRELUDE)
    examples = {path.read_text() for path in ROOT.glob("Examples/*/*/*/*.swift")}
    documents = [ROOT / "README.md", *sorted(ROOT.glob("Docs/*.md")), *sorted(ROOT.glob("Sources/*/*.docc/*.md"))]
    count = 0
    for document in documents:
        text = document.read_text()
        imports, functions = {"import Guerrilla"}, []
        for match in re.finditer(r"^```swift\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            code, line = match[1], text.count("\n", 0, match.start()) + 2
            count += 1
            if code in examples:
                continue
            if ".package(" in code:
                check_manifest(document, code)
                continue
            imports |= set(re.findall(r"^import .*$", code, re.MULTILINE))
            functions.append(FUNCTION.format(
                path=document.relative_to(ROOT), line=line, name=f"{document.stem.replace('-', '_')}_{line}",
                code=re.sub(r"^import .*$", "", code, flags=re.MULTILINE),
            ))
        if functions:
            folder.joinpath(document.stem + ".swift").write_text("\n".join([*sorted(imports), *functions]))
    print(f"{count} pieces of Swift in {len(documents)} documents")


def check_manifest(document, code):
    with tempfile.TemporaryDirectory() as package:
        manifest = f'// swift-tools-version: 6.2\nimport PackageDescription\nlet package = Package(name: "Part",\n{code})\n'
        pathlib.Path(package, "Package.swift").write_text(manifest)
        subprocess.run(["swift", "package", "--package-path", package, "dump-package"], check=True,
                       stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
