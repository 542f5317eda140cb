"""Answers in other forms, read back by libraries that are not ours: rdflib, networkx, pydot, the standard library.

    python forms.py

Puts every query of tests/queries to a server over their small graph, and every query of tests/ecpat to one over ECPAT, in every form, and compares the forms with each other and with
the answer in JSON. CLEW says which binary to judge; by default the release build.
"""

import csv
import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import xml.etree.ElementTree as xml
from collections import Counter
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import networkx as nx
import pydot
import rdflib
from rdflib.compare import isomorphic

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CLEW", str(ROOT / "target/release/clew"))
ENTITY = "urn:clew:entity:"
PROV = rdflib.Namespace("http://www.w3.org/ns/prov#")
SVG = "{http://www.w3.org/2000/svg}"
failures = 0


def same(what, ours, theirs, query):
    global failures
    if ours != theirs:
        failures += 1
        print(f"differs: {what} of {query}\n  {ours}\n  {theirs}\n")


class Server:
    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        anywhere = [] if "--listen" in self.options else ["--listen", "127.0.0.1:0"]
        command = [BINARY, "serve", *anywhere, *self.options]
        self.child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.child.stdout.readline().strip().removeprefix("listening on ") + "/graphql"
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()

    def get(self, url, accept):
        request = urllib.request.Request(url, headers={"accept": accept})
        with urllib.request.urlopen(request, timeout=60) as response:
            assert response.headers["content-type"].startswith(accept), response.headers["content-type"]
            return response.read().decode()

    def ask(self, query, accept):
        headers = {"content-type": "application/json", "accept": accept}
        request = urllib.request.Request(self.url, json.dumps({"query": query}).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                assert response.headers["content-type"].startswith(accept), response.headers["content-type"]
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            assert error.headers["content-type"].startswith("application/json"), error.headers["content-type"]
            return error.code, error.read().decode()


def ids_in(value):
    """Every `id` of an answer, without its date: the other forms give plain ids."""
    if isinstance(value, list):
        return set().union(*map(ids_in, value)) if value else set()
    if isinstance(value, dict):
        own = {value["id"].split("?asOf=")[0]} if isinstance(value.get("id"), str) else set()
        return own.union(*map(ids_in, value.values()))
    return set()


def statements_in(graph):
    return set(graph.subjects(rdflib.RDF.type, rdflib.RDF.Statement))


def check_graph(server, name, query, answer):
    _, turtle = server.ask(query, "text/turtle")
    graph = rdflib.Graph().parse(data=turtle, format="turtle")
    for media, parser in (("application/n-triples", "nt"), ("application/ld+json", "json-ld")):
        _, text = server.ask(query, media)
        other = rdflib.Graph().parse(data=text, format=parser)
        same(media, isomorphic(graph, other), True, name)
    # Each reified statement is about a fact that is there.
    statements = statements_in(graph)
    for it in statements:
        fact = tuple(graph.value(it, word) for word in (rdflib.RDF.subject, rdflib.RDF.predicate, rdflib.RDF.object))
        same("a fact behind a statement", fact in graph, True, name)
    cited = {it for statement in statements for it in graph.objects(statement, PROV.hadPrimarySource)}
    for source in cited:
        same("the label of a source", graph.value(source, rdflib.RDFS.label) is not None, True, name)

    _, text = server.ask(query, "application/graphml+xml")
    nodes = nx.parse_graphml(text, force_multigraph=True)
    named = {unquote(str(it).removeprefix(ENTITY)) for it in graph.subjects(rdflib.RDF.type) if str(it).startswith(ENTITY)}
    sources = {unquote(str(it).removeprefix(ENTITY)) for it in cited}
    same("entities", named - set(nodes) <= sources, True, name)
    same("entities of GraphML", set(nodes) <= named, True, name)
    # Every entity that the answer names by `id` is there, except in groups and highlights.
    same("ids", ids_in(answer["data"]) - set(nodes), set(), name)
    for node, data in nodes.nodes(data=True):
        label = graph.value(rdflib.URIRef(ENTITY + node), rdflib.RDFS.label)
        # XML has no control characters: they are replaced by U+FFFD.
        shown = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", str(label))
        same("a label", data["label"], shown, name)
    facts = {(str(s), str(o)) for s, p, o in graph if str(s).startswith(ENTITY) and str(o).startswith(ENTITY)}
    for a, b in set(nodes.edges()):
        same("an edge of GraphML", (ENTITY + a, ENTITY + b) in facts, True, name)
    ends = {frozenset((ENTITY + a, ENTITY + b)) for a, b in nodes.edges()}
    same("edges of Turtle", {frozenset(it) for it in facts}, ends, name)

    _, text = server.ask(query, "text/vnd.graphviz")
    drawn = pydot.graph_from_dot_data(text)[0]
    unquoted = lambda it: json.loads(it) if it.startswith('"') else it
    places = {it.get_name(): unquoted(it.get("id")) for it in drawn.get_nodes() if it.get("id")}
    same("entities of Graphviz", sorted(places.values()), sorted(nodes), name)
    ours = Counter((places[it.get_source()], places[it.get_destination()], unquoted(it.get("label"))) for it in drawn.get_edges())
    same("edges of Graphviz", ours, Counter((a, b, data["label"]) for a, b, data in nodes.edges(data=True)), name)

    _, text = server.ask(query, "image/svg+xml")
    picture = xml.fromstring(text)
    groups = Counter(it.get("class") for it in picture.iter(f"{SVG}g"))
    same("what is drawn", (groups["entity"], groups["edge"]), (len(nodes), nodes.number_of_edges()), name)
    width, height = float(picture.get("width")), float(picture.get("height"))
    for box in picture.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(it)) for it in ("x", "y", "width", "height"))
        same("a box within the drawing", 0 <= x <= x + w <= width and 0 <= y <= y + h <= height, True, name)
    return len(graph)


def flat(data):
    """The rows of an answer that has one list, or none; None where it is not flat."""
    rows, lists = [], 0

    def cell(value):
        return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def leaves(value, path):
        # A value of the scalar JSON is one cell, even if it is an object.
        if isinstance(value, dict) and path[-1:] != ["extra"]:
            return [it for key, inner in value.items() for it in leaves(inner, path + [key])]
        return [(".".join(path), cell(value))]

    def lists_in(value):
        if isinstance(value, dict):
            return [it for inner in value.values() for it in lists_in(inner)]
        return [value] if isinstance(value, list) and value and isinstance(value[0], dict) else []

    found = lists_in(data)
    if not found:
        return [dict(leaves(data, []))]
    return [dict(leaves(it, [])) for it in found[0]]


def check_table(server, name, query, answer):
    status, text = server.ask(query, "text/csv")
    if status != 200:
        message = json.loads(text)["errors"][0]["message"]
        same("what is not flat", "leave " in message, True, name)
        return 0
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    theirs = flat(answer["data"])
    same("rows", len(rows), len(theirs), name)
    for ours, row in zip(rows, theirs):
        for key, value in row.items():
            # A null in JSON has no fields of its own there.
            if key in ours or value:
                same(f"the cell {key}", ours.get(key), value, name)
    return 1


ODD_SCHEMA = """
enum Kind { SMALL LARGE }
scalar Colour
type Thing {
  name: String! tag: Text amount: Decimal on: Date spans: [Date!]! moment: DateTime kind: Kind extra: JSON
  words: [String!]! flag: Boolean number: Int wide: Int64 lasts: Duration float: Float page: URL colour: Colour
  next: [Thing!]! @relation(name: "NEXT", inverse: "previous", edge: "Step")
  like: [Thing!]! @relation(name: "LIKE", symmetric: true)
}
type Step @edge { why: String much: [Float!] on: Date }
"""
ODD_TEXTS = [
    'quotes " and \\ and <b>&amp;</b> ]]>', "lines\nand\ttabs\r\n", "control \x01\x1f and \ufffe", "\U0001f9f6 yarn, ünïcödé, \u2028",
    "a,comma;semi", "{record|port}", "\\l \\n \\N", " blanks ", "", "'single'", "-- dashes -->", "@prefix", "x" * 300,
]
ODD_QUERY = """{ things(first: 100) { nodes {
  id name tag amount on spans moment kind extra words flag number wide lasts float page colour
  next { edges { why much on node { name } } } like { nodes { name } }
} } }"""


def odd_graph(folder):
    """Values that other formats have words for, of every scalar."""
    (folder / "schema").mkdir()
    (folder / "data").mkdir()
    (folder / "schema/schema.graphql").write_text(ODD_SCHEMA)
    lines = []
    for no, text in enumerate(ODD_TEXTS):
        properties = {
            "name": [text], "amount": [["1.50", "1e30", "-0.001"][no % 3]], "on": [["1996", "1996-08", "1996-08-27", "2009/2012", "1996?", "199X", "1996-21", "1985/..", "-0044", "0000", "Y12000"][no % 11]],
            "spans": ["2001", "2001-02/2003"], "moment": ["2020-01-01T10:00:00+02:00"], "kind": [["SMALL", "LARGE"][no % 2]],
            "extra": [{"a": [1, None, text]}], "words": ["b", text, "a"], "flag": [no % 2 == 0], "number": [no - 5], "wide": [2**62 + no], "lasts": [f"P{no}DT{no}.5S"], "float": [no / 7],
            "page": ["https://example.org/a?b=c&d=%22"], "colour": ["#fff"],
        }
        lines.append({"type": "node", "id": f"t{no}", "labels": ["Thing"], "properties": properties})
    for no in range(len(ODD_TEXTS)):
        edge = {"why": [ODD_TEXTS[no]], "much": [1, 2.5], "on": ["2011"]}
        lines.append({"type": "edge", "from": f"t{no}", "to": f"t{no * 3 % 7}", "labels": ["NEXT"], "properties": edge})
        lines.append({"type": "edge", "from": f"t{no}", "to": f"t{no // 2}", "labels": ["LIKE"], "properties": {}})
    (folder / "data/odd.jsonl").write_text("".join(json.dumps(it) + "\n" for it in lines))
    return ["--schema", str(folder / "schema"), "--data", str(folder / "data")]


def check_odd():
    with tempfile.TemporaryDirectory() as folder:
        with Server(*odd_graph(Path(folder))) as server:
            answer = json.loads(server.ask(ODD_QUERY, "application/json")[1])
            assert "errors" not in answer, answer
            check_graph(server, "odd values", ODD_QUERY, answer)
            _, turtle = server.ask(ODD_QUERY, "text/turtle")
            graph = rdflib.Graph().parse(data=turtle, format="turtle")
            name = rdflib.URIRef("urn:clew:vocabulary:name")
            same("texts", sorted(map(str, graph.objects(None, name))), sorted(ODD_TEXTS), "odd values")
            wide = rdflib.URIRef("urn:clew:vocabulary:wide")
            same("whole numbers", sorted(it.toPython() for it in graph.objects(None, wide)), [2**62 + no for no in range(len(ODD_TEXTS))], "odd values")
            lasts = rdflib.URIRef("urn:clew:vocabulary:lasts")
            expected = sorted(timedelta(days=no, seconds=no, milliseconds=500) for no in range(len(ODD_TEXTS)))
            same("durations", sorted(it.toPython() for it in graph.objects(None, lasts)), expected, "odd values")
            flat_query = "{ things(first: 100) { nodes { id name amount on spans kind extra words flag number wide lasts float } } }"
            answer = json.loads(server.ask(flat_query, "application/json")[1])
            same("a table", check_table(server, "odd values", flat_query, answer), 1, "odd values")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# Addresses that are read in a row.
MOST_READ = 80


def check_addresses():
    """rdflib follows the IRIs of entities from one document to the next, and asks for the type that it prefers."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    read = 0
    with Server("--base-iri", base, "--listen", f"127.0.0.1:{port}") as server:
        waiting, met = [f"{base}entity/the-code"], set()
        while waiting and read < MOST_READ:
            iri = waiting.pop(0)
            graph = rdflib.Graph().parse(iri)
            entity = rdflib.URIRef(iri)
            same("the type of an address", graph.value(entity, rdflib.RDF.type) is not None, True, iri)
            for media, parser in (("application/ld+json", "json-ld"), ("application/n-triples", "nt"), ("text/turtle", "turtle")):
                other = rdflib.Graph().parse(data=server.get(iri, media), format=parser)
                same(media, isomorphic(graph, other), True, iri)
            # JSON has the same entities, and its citations are the statements' sources.
            answer = json.loads(server.get(iri, "application/json"))["data"]["entity"]
            statements = answer["statements"]["nodes"]
            own = lambda it: f"{base}entity/{quote(it['entityId'], safe='-._~')}"
            named = {own(answer)} | {own(it["target"]) for it in statements if it["target"]}
            named |= {own(cited["source"]) for it in statements for cited in it["citations"]}
            shown = {str(it) for it in graph.subjects(rdflib.RDFS.label)}
            same("entities at an address", shown, named, iri)
            cited = Counter(own(cited["source"]) for it in statements for cited in it["citations"])
            sources = Counter(str(source) for it in statements_in(graph) for source in graph.objects(it, PROV.hadPrimarySource))
            same("sources at an address", set(sources), set(cited), iri)
            for other in sorted(shown - met):
                met.add(other)
                waiting.append(other)
            read += 1
    assert read == MOST_READ, read
    return read


def main():
    check_odd()
    addresses = check_addresses()
    graphs = tables = triples = 0
    small = "tests/queries/graph"
    folders = {"tests/queries": ["--schema", f"{small}/schema", "--data", f"{small}/data"], "tests/ecpat": []}
    for folder, options in folders.items():
        with Server(*options) as server:
            for path in sorted((ROOT / folder).glob("*.graphql")):
                query = path.read_text()
                _, text = server.ask(query, "application/json")
                answer = json.loads(text)
                if "errors" in answer:
                    status, text = server.ask(query, "text/turtle")
                    same("an answer with errors", (status in (400, 422), "errors" in json.loads(text)), (True, True), path.name)
                    continue
                triples += check_graph(server, path.name, query, answer)
                graphs += 1
                tables += check_table(server, path.name, query, answer)
    assert graphs > 40 and tables > 0 and triples > 1000, (graphs, tables, triples)
    print(f"{graphs} answers compared in six forms, {triples} triples; {tables} of them as tables")
    print(f"{addresses} addresses of entities read by rdflib")
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


main()
