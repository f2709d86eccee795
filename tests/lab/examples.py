"""Every example that README, man pages and --help give: where it stands, and the line as one would type it."""
import pathlib
import re
import shlex
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
OURS = ("netbt", "nbtstat", "netbtd", "winsd", "ipconfig-nbt")
ARTICLE = ("0000: 00 00 04 00 01 00 54 00\n0008: 00 00 00 00 e0 10 00 c0\n0010: 00 00 00 00 00 00 00 00\n"
           "0018: 00 00 00 00 00 00 00 00\n0020: 00 00 00 00 00 00 00 00\n0028: e7 1a 65 16\n")


def ours_in(line):
    """The words of each program of ours in LINE, which may be a pipe or several commands."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<&")
    lexer.whitespace_split = True
    words, part, found = list(lexer), [], []
    for word in words + ["|"]:
        if word in ("|", "<", "<<", "&&"):
            if part and part[0] in OURS:
                found.append(part)
            part = []
        elif part or word != "sudo":
            part.append(word)
    return found


def section_of(page, title="EXAMPLES"):
    text = page.read_text().split(f".Sh {title}", 1)
    section = text[1].split("\n.Sh ", 1)[0] if len(text) == 2 else ""
    return section.replace("\\e", "\\")


def of_man_pages():
    """The displayed lines of every page's EXAMPLES, and those with a prompt in its literal blocks."""
    found = []
    for page in sorted((TOP / "man").glob("*.[1-8]")):
        for line in re.findall(r"^(?:\.Dl (?:[$#] )?|[$#] )(.+)$", section_of(page), re.M):
            found.append((page.name, line))
    return found


def of_readme():
    """Indented lines, and what stands between backticks, if one of our programs is what it starts with."""
    text = (TOP / "README.md").read_text()
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    lines = re.findall(r"^    (?:sudo )?(.+?)(?: {2,}#.*)?$", plain, re.M) + re.findall(r"`([^`]+)`", plain)
    shown = re.findall(r"^\w+\$ (.+)$", text, re.M)  # in what the demo prints
    return [("README.md", line) for line in lines + shown if line.split()[0] in OURS and len(line.split()) > 1 and not re.search(r" (ADDRESS|FILE)\b", line)]


def of_help(text):
    """'Examples: ...' at the end of --help: one a line, or several apart by two blanks."""
    tail = re.search(r"^Examples?:(.*)\Z", text, re.M | re.S)
    return [line.strip() for line in re.split(r" {2,}|\n", tail[1]) if line.strip()] if tail else []


def of_helps(program):
    """PROGRAM(name) is the path of a program."""
    listed = subprocess.run([program("netbt"), "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z][a-z-]*) ", listed.split("Commands:\n")[1].split("\n\n")[0], re.M)
    calls = [["netbt", name] for name in commands] + [["nbtstat"]]
    found = []
    for call in calls:
        text = subprocess.run([program(call[0]), *call[1:], "--help"], capture_output=True, text=True, check=True).stdout
        found += [(" ".join(call) + " --help", line) for line in of_help(text)]
    return found
