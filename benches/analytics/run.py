"""Measures queries over many rows of WordNet in Clew and in DuckDB, after it has compared the answers.

    python3 benches/analytics/run.py [--only H1,H6] [--rounds 9] [--calls 10] [--program FILE] [--old FILE]

Each runs in its own process on one thread, in turns. Clew is measured from the bytes of a request to the bytes of the
answer, DuckDB from the call of a query to its rows. Each call has other values than the one before it. DuckDB keeps its
tables in memory. --program is a built benches/analytics, which is built where it is not given; --old is that of another
commit, which is measured in the same rounds.

Makes a virtual environment in target/analytics, and a compiled graph from target/wordnet, which examples/wordnet makes.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "target/analytics"
KINDS = ["NOUN", "VERB", "ADJECTIVE", "ADJECTIVE_SATELLITE", "ADVERB"]
FIRST = [{"first": 50 + no} for no in range(5)]
WORDS = [{"word": word} for word in ("animal", "water", "person", "music", "plant")]


def groups(fields, where=""):
    """Groups of synsets in the order that Clew gives them: the largest first, then by key."""
    names = ", ".join(fields)
    return f"select {names}, count(*) as n from synset {where} group by {names} order by n desc, {names} limit ?"


def group_rows(answer):
    rows = answer["synsets"]["aggregate"]["groupBy"]
    return [[*(it["key"] if isinstance(it["key"], list) else [it["key"]]), it["count"]] for it in rows]


def nodes(field, *keys):
    return lambda answer: [[node[key] for key in keys] for node in answer[field]["nodes"]]


def label_row(answer):
    label = answer["synsets"]["aggregate"]["label"]
    return [[label["min"], label["max"], label["distinct"]]]


GROUPED = "query($first: Int!) { synsets { aggregate { groupBy(by: [%s], first: $first) { key count } } } }"
PAGE = "words(first: 10, after: $after%s) { nodes { id lemma } }"
ORDER = ", orderBy: [{ lemma: ASC }]"
LABELS = "orderBy: [{ label: ASC }]) { nodes { id label } } }"

# Name, Clew's query, DuckDB's query, the variables of the calls, and how the answer of Clew becomes rows.
QUESTIONS = [
    ("H1", GROUPED % "{ category: {} }", groups(["category"]), FIRST, group_rows),
    ("H2", GROUPED % "{ partOfSpeech: {} }", groups(["pos"]), FIRST, group_rows),
    ("H3", GROUPED % "{ category: {} }, { partOfSpeech: {} }", groups(["category", "pos"]), FIRST, group_rows),
    (
        "H4",
        "query($word: String!) { synsets(filter: { gloss: { contains: $word } }) {"
        " aggregate { groupBy(by: [{ category: {} }], first: 100) { key count } } } }",
        groups(["category"], "where contains(gloss, ?)").replace("limit ?", "limit 100"),
        WORDS,
        group_rows,
    ),
    (
        "H5",
        "{ synsets { aggregate { label { min max distinct } } } }",
        "select min(label), max(label), count(distinct label) from synset",
        [{}],
        label_row,
    ),
    (
        "H6",
        f"query($first: Int!) {{ synsets(first: $first, {LABELS}",
        "select id, label from synset order by label, id limit ?",
        [{"first": 10 + no} for no in range(5)],
        nodes("synsets", "id", "label"),
    ),
    (
        "H7",
        f"query($kind: PartOfSpeech!) {{ synsets(first: 10, filter: {{ partOfSpeech: {{ eq: $kind }} }}, {LABELS}",
        "select id, label from synset where pos = ? order by label, id limit 10",
        [{"kind": "VERB"}, {"kind": "ADVERB"}],
        nodes("synsets", "id", "label"),
    ),
    (
        "H8 first",
        f"query($first: Int!) {{ words(first: $first{ORDER}) {{ nodes {{ id lemma }} }} }}",
        "select id, lemma from word order by lemma, id limit ?",
        [{"first": 10 + no} for no in range(5)],
        nodes("words", "id", "lemma"),
    ),
    (
        "H8 deep",
        f"query($after: String!) {{ {PAGE % ORDER} }}",
        "select id, lemma from word where (lemma, id) > (?, ?) order by lemma, id limit 10",
        "deep",
        nodes("words", "id", "lemma"),
    ),
    (
        "H8 by id",
        f"query($after: String!) {{ {PAGE % ''} }}",
        "select id, lemma from word where id > ? order by id limit 10",
        "by id",
        nodes("words", "id", "lemma"),
    ),
]


class Program:
    """A built benches/analytics that has opened the graph."""

    def __init__(self, program, graph):
        self.process = subprocess.Popen(
            [program, graph], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, query, variables, calls):
        question = {"query": query, "variables": variables, "calls": calls}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the program ended")
        said = json.loads(line)
        for answer in said["answers"]:
            if "errors" in answer:
                sys.exit(f"{query}: {answer['errors']}")
        return said["nanoseconds"], [it["data"] for it in said["answers"]]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def tables(wordnet):
    """DuckDB with the synsets and words of WordNet, in the order of their ids."""
    import duckdb

    of = {"Synset": [], "Word": []}
    with open(wordnet / "nodes.jsonl") as lines:
        for line in lines:
            node = json.loads(line)
            values = {name: value[0] for name, value in node["properties"].items() if value}
            of[node["labels"][0]].append((node["id"], values))
    database = duckdb.connect(config={"threads": 1})
    kinds = ", ".join(f"'{it}'" for it in KINDS)
    database.execute(f"create type kind as enum ({kinds})")
    database.execute("create table synset (id varchar, label varchar, pos kind, category varchar, gloss varchar)")
    database.execute("create table word (id varchar, lemma varchar, pos kind)")
    columns = {"Synset": ("synset", ["label", "partOfSpeech", "category", "gloss"]), "Word": ("word", ["lemma", "partOfSpeech"])}
    for name, (table, fields) in columns.items():
        rows = sorted(of[name])
        HOME.mkdir(parents=True, exist_ok=True)
        file = HOME / f"{table}.jsonl"
        with open(file, "w") as out:
            for entity, values in rows:
                out.write(json.dumps({"id": entity, **{field: values.get(field) for field in fields}}) + "\n")
        selected = ", ".join(["id", *(f'"{field}"' for field in fields)])
        types = ", ".join(f"'{field}': 'VARCHAR'" for field in ["id", *fields])
        database.execute(
            f"insert into {table} select {selected} from read_json('{file}', format = 'newline_delimited', columns = {{{types}}})"
        )
    return database


def measured(database, query, values, calls):
    """Nanoseconds of each call, and the rows of one call for each of the values."""
    answers = [[list(row) for row in database.execute(query, it).fetchall()] for it in values]
    nanoseconds = []
    for no in range(calls):
        start = time.perf_counter_ns()
        database.execute(query, values[no % len(values)]).fetchall()
        nanoseconds.append(time.perf_counter_ns() - start)
    return nanoseconds, answers


def built():
    said = subprocess.run(
        ["cargo", "bench", "--profile", "dist", "--bench", "analytics", "--no-run", "--message-format=json"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout
    messages = [json.loads(it) for it in said.splitlines() if it.startswith("{")]
    return next(it["executable"] for it in messages if it.get("target", {}).get("name") == "analytics" and it.get("executable"))


def cursors(program, database):
    """Cursors deep inside the words in the order of lemmas and of ids, with the values that DuckDB begins after."""
    count = database.execute("select count(*) from word").fetchone()[0]
    of = {}
    for name, order in (("deep", ORDER), ("by id", "")):
        query = f"query($after: String) {{ words(first: 1000, after: $after{order}) {{ nodes {{ id lemma }} pageInfo {{ endCursor }} }} }}"
        after, found = None, []
        for no in range(0, count - 1000, 1000):
            _, [answer] = program.ask(query, [{"after": after}], 0)
            after = answer["words"]["pageInfo"]["endCursor"]
            last = answer["words"]["nodes"][-1]
            if no % 17000 == 0:
                values = [last["lemma"], last["id"]] if order else [last["id"]]
                found.append(({"after": after}, values))
        of[name] = found
    return of


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--program")
    parser.add_argument("--old")
    parser.add_argument("--data", type=Path, default=ROOT / "target/wordnet")
    options = parser.parse_args()
    if not (options.data / "nodes.jsonl").exists():
        sys.exit(f"there is no WordNet in {options.data}: examples/wordnet makes it")
    python = HOME / "venv/bin/python"
    if Path(sys.executable) != python:
        if not python.exists():
            venv.create(HOME / "venv", with_pip=True)
        requirements = ROOT / "benches/analytics/requirements.txt"
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", requirements], check=True)
        os.execv(python, [str(python), *sys.argv])

    program = options.program or built()
    graph = HOME / "wordnet.clew"
    if not graph.exists():
        compile_graph = ["cargo", "run", "--profile", "dist", "--", "compile", "--schema", "examples/wordnet/schema"]
        subprocess.run([*compile_graph, "--data", options.data, "--out", graph], cwd=ROOT, check=True)
    new = Program(program, graph)
    old = Program(options.old, graph) if options.old else None
    database = tables(options.data)
    wanted = options.only.split(",") if options.only else None
    questions = [it for it in QUESTIONS if wanted is None or it[0].split()[0] in wanted or it[0] in wanted]
    deep = cursors(new, database) if any(isinstance(it[3], str) for it in questions) else {}

    print("| | Clew, ms | range | DuckDB, ms | range | Clew / DuckDB |" + (" old, ms | old / new |" if old else ""))
    print("| --- " * (8 if old else 6) + "|")
    for name, query, sql, varied, rows_of in questions:
        pairs = deep[varied] if isinstance(varied, str) else [(it, list(it.values())) for it in varied]
        variables, values = [it[0] for it in pairs], [it[1] for it in pairs]
        times = {"clew": [], "duckdb": [], "old": []}
        for _ in range(options.rounds):
            taken, answers = new.ask(query, variables, options.calls)
            times["clew"] += taken
            taken, expected = measured(database, sql, values, options.calls)
            times["duckdb"] += taken
            given = [rows_of(it) for it in answers]
            if given != expected:
                sys.exit(f"{name}: the answers differ: {given} {expected}")
            if old:
                taken, before = old.ask(query, variables, options.calls)
                if before != answers:
                    sys.exit(f"{name}: the answers of both programs differ")
                times["old"] += taken
        middle = {key: statistics.median(it) / 1e6 for key, it in times.items() if it}
        low_high = {key: f"{min(it) / 1e6:.3f}–{max(it) / 1e6:.3f}" for key, it in times.items() if it}
        row = f"| {name} | {middle['clew']:.3f} | {low_high['clew']} | {middle['duckdb']:.3f} | {low_high['duckdb']} | {middle['clew'] / middle['duckdb']:.3f} |"
        if old:
            row += f" {middle['old']:.3f} | {middle['old'] / middle['clew']:.1f} |"
        print(row, flush=True)
    new.end()
    if old:
        old.end()


if __name__ == "__main__":
    main()
