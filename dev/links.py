#!/usr/bin/env python3
"""Follows the links between the Markdown documents: file and heading have to be there. Prints each that leads nowhere; exit code 1 then."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def headings(text):
    """The names that headings have as the ends of links."""
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower().strip()
        yield re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


lost = 0
for document in [*ROOT.glob("*.md"), *ROOT.glob("Docs/*.md"), *ROOT.glob("*/*/README.md"), *ROOT.glob("*/README.md")]:
    for link in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", document.read_text())):
        if re.match("https?:|mailto:", link):
            continue
        path, _, heading = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or heading and target.suffix == ".md" and heading not in headings(target.read_text()):
            print(f"{document.relative_to(ROOT)}: {link} leads nowhere")
            lost += 1
sys.exit(1 if lost else 0)
