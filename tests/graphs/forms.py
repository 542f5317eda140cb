"""Answers in other forms, read back by libraries that are not ours: rdflib, networkx, pydot, the standard library.

    python forms.py

Puts every query of tests/queries to a server over ECPAT in every form, and compares the forms with each other and with
the answer in JSON. CLEW says which binary to judge; by default the release build.
"""

import csv
import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as xml
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

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
    def __enter__(self):
        command = [BINARY, "serve", "--listen", "127.0.0.1:0"]
        self.child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.child.stdout.readline().strip().removeprefix("listening on ") + "/graphql"
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()

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
    """Every `id` of an answer."""
    if isinstance(value, list):
        return set().union(*map(ids_in, value)) if value else set()
    if isinstance(value, dict):
        own = {value["id"]} if isinstance(value.get("id"), str) else set()
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
    # Whatever the answer names by `id` is there, once groups and highlights are left aside.
    same("ids", ids_in(answer["data"]) - set(nodes), set(), name)
    for node, data in nodes.nodes(data=True):
        label = graph.value(rdflib.URIRef(ENTITY + node), rdflib.RDFS.label)
        same("a label", data["label"], str(label), name)
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
        if isinstance(value, dict):
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
            # What is null in JSON has no fields of its own there.
            if key in ours or value:
                same(f"the cell {key}", ours.get(key), value, name)
    return 1


def main():
    graphs = tables = triples = 0
    with Server() as server:
        for path in sorted((ROOT / "tests/queries").glob("*.graphql")):
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
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


main()
