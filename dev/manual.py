#!/usr/bin/env python3
"""Makes the manual pages of packaging/man out of what `guerrillad` says about its own command line.

    dev/manual.py GUERRILLAD [DIRECTORY]      (default: packaging/man)

`guerrillad.1` is about the daemon, `guerrillad-VERB.1` about each verb. A system test compares the committed pages with fresh ones.
"""
import json
import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))

# Of the last change to what the pages say. A date of each day would make them differ from day to day.
DATE = "2026-11-21"

EXIT_CODES = [
    ("0", "Done, or stopped as asked."),
    ("1", "What was asked for could not be done: the configuration is wrong, the daemon cannot start, clients had to be cut off when it "
          "stopped, a store or a message is not there."),
    ("64", "The command line makes no sense: an unknown verb or option, or a value that cannot be read."),
]
FILES = [
    ("goguerrilla.conf, goguerrilla.conf.json", "The configuration, looked for in the working directory in this order."),
    ("guerrilla.sqlite", "Where mail is kept without a configuration file, with -wal and -shm beside it."),
]
ENVIRONMENT = [
    ("GUERRILLA_KEY", "A key at the top of the configuration, in upper case. Goes before the file."),
    ("GUERRILLA_BACKEND_CONFIG_KEY", "A key of backend_config."),
]


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    # A full stop or an apostrophe at the beginning of a line would be a request.
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraphs(text):
    out = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.split("\n")
        if any(line.startswith("  ") for line in lines):
            out += [".PP", ".nf", escape(paragraph), ".fi"]
        else:
            out += [".PP", escape(" ".join(line.strip() for line in lines))]
    return out


def value(argument):
    return argument.get("valueName", "value")


def names(argument):
    return [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names", [])]


def usage(argument):
    if argument["kind"] == "positional":
        text = f"\\fI{escape(value(argument))}\\fR" + (" ..." if argument["isRepeating"] else "")
    else:
        text = f"\\fB{escape(names(argument)[-1])}\\fR"
        if argument["kind"] == "option":
            text += f" \\fI{escape(value(argument))}\\fR"
    return f"[{text}]" if argument["isOptional"] else text


def definitions(pairs):
    out = []
    for term, text in pairs:
        out += [".TP", term, *paragraphs(text)[1:]]
    return out


def arguments(command):
    for argument in command.get("arguments", []):
        # `help` and `version` are everywhere.
        if argument["shouldDisplay"] and argument.get("valueName") not in ("help", "version"):
            yield argument


def describe(command):
    pairs = []
    for argument in arguments(command):
        if argument["kind"] == "positional":
            term = f"\\fI{escape(value(argument))}\\fR"
        else:
            term = ", ".join(f"\\fB{escape(name)}\\fR" for name in names(argument))
            if argument["kind"] == "option":
                term += f" \\fI{escape(value(argument))}\\fR"
        text = argument.get("abstract", "")
        if argument.get("discussion"):
            text += " " + argument["discussion"]
        if argument.get("defaultValue") and argument["kind"] == "option":
            text += f" (default: {argument['defaultValue']})"
        pairs.append((term, text))
    return definitions(pairs)


def synopsis(words, command):
    # One argument: all of it stands before the options, and in bold.
    return [f'.SY "{escape(" ".join(words))}"', *[usage(argument) for argument in arguments(command)], ".YS"]


def children(command):
    return [child for child in command.get("subcommands", []) if child["commandName"] != "help"]


def page(words, command, version, root):
    name = "-".join(words)
    abstract = command["abstract"].rstrip(".")
    out = [f'.TH {name.upper()} 1 "{DATE}" "guerrillad {version}" "swift\\-guerrilla"']
    out += [".SH NAME", f"{escape(name)} \\- {escape(abstract[0].lower() + abstract[1:])}", ".SH SYNOPSIS"]
    subcommands = children(command)
    if not subcommands:
        out += synopsis(words, command)
    elif words == [root]:
        out += [f".SY {escape(root)}", *[usage(a) for a in arguments(command)], "\\fIverb\\fR", "[\\fIoptions\\fR]", ".YS"]
    else:
        for child in subcommands:
            out += synopsis([*words, child["commandName"]], child)
    out += [".SH DESCRIPTION", *paragraphs(command["abstract"])[1:]]
    if command.get("discussion"):
        out += paragraphs(command["discussion"])
    described = describe(command)
    if words == [root]:
        out += [".SH VERBS", *definitions([(f"\\fB{escape(c['commandName'])}\\fR", f"{c['abstract']} See {name}-{c['commandName']}(1).")
                                            for c in subcommands])]
    elif subcommands:
        for child in subcommands:
            out += [f'.SS "{escape(" ".join([*words, child["commandName"]]))}"', *paragraphs(child["abstract"])[1:]]
            if child.get("discussion"):
                out += paragraphs(child["discussion"])
            out += describe(child)
        described = []
    if described:
        out += [".SH OPTIONS", *described]
    if words == [root]:
        out += [".SH EXIT STATUS", *definitions(EXIT_CODES)]
        out += [".SH ENVIRONMENT", *definitions([(f"\\fB{escape(key)}\\fR", text) for key, text in ENVIRONMENT])]
        out += [".SH FILES", *definitions([(escape(key), text) for key, text in FILES])]
        out += [".SH SEE ALSO", ", ".join(f"\\fB{escape(root)}\\-{c['commandName']}\\fR(1)" for c in subcommands)]
    else:
        out += [".SH SEE ALSO", f"\\fB{escape(root)}\\fR(1), for exit codes, environment and files"]
    return "\n".join(out) + "\n"


def pages(binary):
    """The pages by file name."""
    def ask(*words):
        return subprocess.run([binary, *words], check=True, capture_output=True, text=True).stdout

    command = json.loads(ask("--experimental-dump-help"))["command"]
    version = ask("version").split()[1]
    root = command["commandName"]
    made = {f"{root}.1": page([root], command, version, root)}
    for child in children(command):
        name = child["commandName"]
        made[f"{root}-{name}.1"] = page([root, name], child, version, root)
    return made


def main():
    directory = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, "packaging/man")
    os.makedirs(directory, exist_ok=True)
    for name, text in pages(sys.argv[1]).items():
        with open(os.path.join(directory, name), "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
