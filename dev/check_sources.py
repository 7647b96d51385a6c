#!/usr/bin/env python3
"""Rules about the sources that neither the compiler nor swift format knows. Prints each finding as FILE:LINE: what is wrong;
exit code 1 if there is any.

- Arrows between modules go down only, and the pure modules import nothing that does I/O (Docs/ARCHITECTURE.md).
- No trap, no unchecked promise to the compiler and no state of the whole process without a comment that gives its reason.
- No `pkgConfig:` in Package.swift: SwiftPM drops all flags of a .pc file that holds one it does not like.
- Every module is in Docs/ARCHITECTURE.md.
- No build product is tracked.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))

# The modules that do no I/O: all that they may import.
PURE = {
    "GuerrillaMail": {"NIOCore", "Swift", "Synchronization"},
    "GuerrillaSMTP": {"NIOCore", "Swift", "Synchronization", "GuerrillaMail"},
}

# The functions of the C library that the pure modules may name, one by one: they only look at memory.
PURE_FUNCTIONS = {"memchr", "memcmp", "memmem"}

# Which of our own modules a module may import; a processor or store that is not named here may import PROCESSOR.
PROCESSOR = {"GuerrillaMail", "GuerrillaSMTP", "GuerrillaBackend"}
OWN = {
    "GuerrillaBackend": {"GuerrillaMail", "GuerrillaSMTP"},
    "GuerrillaMySQL": PROCESSOR | {"GuerrillaSQL"},
    "GuerrillaPostgres": PROCESSOR | {"GuerrillaSQL"},
    "GuerrillaSQLite": PROCESSOR | {"GuerrillaSQL"},
    "GuerrillaServer": {"GuerrillaMail", "GuerrillaSMTP", "GuerrillaBackend"},
    "GuerrillaTLS": {"GuerrillaMail", "GuerrillaServer"},
    "Guerrilla": None,  # everything below it
    "GuerrillaTesting": None,
    "guerrillad": None,
}

# What needs a reason beside it: in the code (not in a comment or a string), on the same line or in a comment right above.
NEEDS_REASON = re.compile(
    r"\btry!|\bas!|\bfatalError\(|\bpreconditionFailure\(|@unchecked\s+Sendable|\bnonisolated\(unsafe\)"
    # State that all daemons of a process would share.
    r"|\bstatic\s+let\s+\w+[^={]*=\s*(?:Mutex|Atomic)\b|\bLoggingSystem\."
)

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:typealias|struct|class|enum|protocol|let|var|func|actor|macro)\s+)?(\w+)(?:\.(\w+))?", re.MULTILINE
)

BUILT = re.compile(
    r"(^|/)(\.build[^/]*|\.swiftpm|__pycache__|\.pytest_cache|\.venv)/|(^|/)Package\.resolved$|^guerrillad$"
    r"|\.(o|a|so|pyc|swiftmodule|sqlite|sqlite-wal|sqlite-shm|db|log|pid|pem|key)$"
)

findings = []


def finding(path, line, what):
    findings.append(f"{os.path.relpath(path, ROOT)}:{line}: {what}")


def code_only(text):
    """The Swift source with comments and the contents of strings blanked out; every line keeps its number and length."""
    out = list(text)
    i, end = 0, len(text)

    def blank(start, stop):
        for k in range(start, stop):
            if out[k] != "\n":
                out[k] = " "

    def comment_end(start):
        """Block comments nest."""
        depth, k = 0, start
        while k < end:
            if text.startswith("/*", k):
                depth, k = depth + 1, k + 2
            elif text.startswith("*/", k):
                depth, k = depth - 1, k + 2
                if depth == 0:
                    return k
            else:
                k += 1
        return end

    def string_end(start):
        """The end of the string literal whose opening delimiter begins at `start`; interpolations may hold strings."""
        hashes = 0
        while text[start + hashes] == "#":
            hashes += 1
        k = start + hashes
        quote = '"""' if text.startswith('"""', k) else '"'
        escape, close = "\\" + "#" * hashes, quote + "#" * hashes
        k += len(quote)
        while k < end:
            if text.startswith(close, k):
                return k + len(close)
            if text.startswith(escape, k):
                k += len(escape)
                if text[k:k + 1] == "(":
                    depth = 0
                    while k < end:
                        if text[k] == "(":
                            depth += 1
                        elif text[k] == ")":
                            depth -= 1
                            if depth == 0:
                                break
                        elif text[k] == '"':
                            k = string_end(k) - 1
                        k += 1
                k += 1
            elif text[k] == "\n" and quote == '"':
                return k  # not closed: a regular expression literal, say
            else:
                k += 1
        return end

    while i < end:
        if text.startswith("//", i):
            stop = text.find("\n", i)
            stop = end if stop < 0 else stop
        elif text.startswith("/*", i):
            stop = comment_end(i)
        elif text[i] == '"' or re.match(r'#+"', text[i:i + 8]):
            stop = string_end(i)
        else:
            i += 1
            continue
        blank(i, stop)
        i = stop
    return "".join(out)


def has_reason(lines, index):
    """Is there a comment on this line, or right above it, attributes aside?"""
    if "//" in lines[index]:
        return True
    index -= 1
    while index >= 0 and lines[index].lstrip().startswith("@"):
        index -= 1
    return index >= 0 and lines[index].lstrip().startswith(("//", "*", "*/"))


def check_file(path, module, ours):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    code = code_only(text)
    for match in IMPORT.finditer(code):
        imported = match[1]
        line = code.count("\n", 0, match.start(1)) + 1
        if module in PURE and imported not in PURE[module] and match[2] not in PURE_FUNCTIONS:
            finding(path, line, f"{module} is pure and may import only {', '.join(sorted(PURE[module]))}; not {imported}")
        elif imported in ours and module not in PURE:
            allowed = OWN.get(module, PROCESSOR)
            if allowed is not None and imported not in allowed:
                finding(path, line, f"{module} may not import {imported} (arrows go down only)")
            elif module == "Guerrilla" and imported == "guerrillad":
                finding(path, line, "the package's API may not import the program")
    lines = text.split("\n")
    for index, line in enumerate(code.split("\n")):
        match = NEEDS_REASON.search(line)
        if match and not has_reason(lines, index):
            finding(path, index + 1, f"{match[0]} without a comment that says why it is safe")


def main():
    sources = os.path.join(ROOT, "Sources")
    modules = sorted(name for name in os.listdir(sources) if os.path.isdir(os.path.join(sources, name)))
    # A module map alone is a C library of the system: Package.swift says who may import it.
    ours = {name for name in modules if not os.path.exists(os.path.join(sources, name, "module.modulemap"))}
    for module in modules:
        for folder, _, names in os.walk(os.path.join(sources, module)):
            for name in sorted(names):
                if name.endswith(".swift"):
                    check_file(os.path.join(folder, name), module, ours)

    architecture = os.path.join(ROOT, "Docs", "ARCHITECTURE.md")
    if os.path.exists(architecture):
        with open(architecture, encoding="utf-8") as file:
            text = file.read()
        for module in modules:
            if not re.search(rf"\b{module}\b", text):
                finding(architecture, 1, f"the module {module} is not mentioned")
    else:
        finding(architecture, 1, "is missing")

    manifest = os.path.join(ROOT, "Package.swift")
    with open(manifest, encoding="utf-8") as file:
        for index, line in enumerate(code_only(file.read()).split("\n")):
            if re.search(r"\bpkgConfig\s*:", line):
                finding(manifest, index + 1, "pkgConfig: use a module map with `link` instead")

    if os.path.exists(os.path.join(ROOT, ".git")):
        tracked = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=True)
        for name in filter(None, tracked.stdout.split("\0")):
            if BUILT.search(name):
                finding(os.path.join(ROOT, name), 1, "is tracked, and looks like something that was built or left behind")

    for line in findings:
        print(line)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
