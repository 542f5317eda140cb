"""Whether Python's `langcodes` reads the language tags of languages.tsv as Clew does, but for those whose line says why not.

    python -m pip install -r requirements.txt && python languages_judge.py
"""

import sys
from pathlib import Path

from langcodes.tag_parser import LanguageTagError, parse_tag


def judged(tag):
    """The tag with the letters that RFC 5646 recommends; "error" where it is not well-formed."""
    try:
        return "-".join(subtag for _, subtag in parse_tag(tag))
    except LanguageTagError:
        return "error"


def main():
    judged_lines = failures = 0
    for line in (Path(__file__).parent / "languages.tsv").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        tag, ours, *note = line.split("\t")
        agrees = judged(tag) == ours
        judged_lines += not note
        # A note that is not needed is as wrong as one that is missing.
        if agrees == bool(note):
            failures += 1
            print(f"{tag}: ours {ours}, theirs {judged(tag)}" + (f", and the note says: {note[0]}" if note else ""))
    print(f"{judged_lines} language tags judged, {failures} failures")
    sys.exit(1 if failures else 0)


main()
