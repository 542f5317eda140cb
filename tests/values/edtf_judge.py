"""Whether Python's `edtf` reads the dates of edtf.tsv as Clew does, but for those whose line says why not.

    python -m pip install -r requirements.txt && python edtf_judge.py
"""

import sys
from pathlib import Path

from edtf import parse_edtf


def day(text):
    if text == "*":
        return None
    sign = -1 if text.startswith("-") else 1
    year, month, of_month = text.removeprefix("-").split("-")
    return (sign * int(year), int(month), int(of_month))


def judged(text):
    """The first and the last day, None for an open end; "error" where the text is no date."""
    try:
        date = parse_edtf(text)
        ends = (date.lower_strict(), date.upper_strict())
    except Exception:  # It fails in several ways.
        return "error"
    return tuple((it.tm_year, it.tm_mon, it.tm_mday) if hasattr(it, "tm_year") else None for it in ends)


def main():
    judged_lines = failures = 0
    for line in (Path(__file__).parent / "edtf.tsv").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        text, first, last, *note = line.split("\t")
        ours = "error" if first == "error" else (day(first), day(last))
        agrees = judged(text) == ours
        judged_lines += not note
        # A note that is not needed is as wrong as one that is missing.
        if agrees == bool(note):
            failures += 1
            print(f"{text}: ours {ours}, theirs {judged(text)}" + (f", and the note says: {note[0]}" if note else ""))
    print(f"{judged_lines} dates judged, {failures} failures")
    sys.exit(1 if failures else 0)


main()
