"""Graph questions, judged by networkx, and path expressions, judged by rdflib.

    python check.py [--graphs 200] [--seed 1] [--wordnet DIR]

Makes random graphs, asks Clew about each, and compares; then ECPAT; with --wordnet also WordNet, from the folder that
examples/wordnet/convert.mjs wrote: paths, components, PageRank and degrees of all of it, all rankings of parts of it.
CLEW says which binary to judge; by default the release build.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import networkx as nx
import rdflib

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CLEW", str(ROOT / "target/release/clew"))
SCHEMA = """
interface Thing { name: String! next: [Thing!]! @relation(name: "NEXT", inverse: "previous", edge: "Step", transitive: true) }
type Box implements Thing {
  name: String!
  next: [Thing!]! @relation(name: "NEXT", inverse: "previous", edge: "Step", transitive: true)
  like: [Box!]! @relation(name: "LIKE", symmetric: true)
}
type Ball implements Thing { name: String! next: [Thing!]! @relation(name: "NEXT", inverse: "previous", edge: "Step", transitive: true) }
type Step @edge { weight: Float }
"""
ENTITY = rdflib.Namespace("urn:clew:entity:")
VOCABULARY = rdflib.Namespace("urn:clew:vocabulary:")
WHOLE = "{ things(first: 1000) { nodes { id next(first: 1000) { nodes { id } } ... on Box { like(first: 1000) { nodes { id } } } } } }"
failures = 0


def run(schema, data, query, *options):
    command = [BINARY, "query", "--schema", str(schema), "--data", str(data), *options, "-e", query]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


def ask(schema, data, query):
    answer = json.loads(run(schema, data, query))
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def same(what, ours, theirs, context):
    global failures
    if ours != theirs:
        failures += 1
        print(f"differs: {what}\n  clew:  {ours}\n  judge: {theirs}\n  {context}\n")


def close(what, ours, theirs, context, tolerance=1e-6):
    global failures
    wrong = [it for it in theirs if abs(ours.get(it, float("nan")) - theirs[it]) > tolerance or it not in ours]
    if wrong or ours.keys() != theirs.keys():
        failures += 1
        it = wrong[0] if wrong else sorted(ours.keys() ^ theirs.keys())[0]
        print(f"differs: {what} of {it}: clew {ours.get(it)}, judge {theirs.get(it)}\n  {context}\n")


class Model:
    """A random graph, written as data files and held as networkx and rdflib have it."""

    def __init__(self, rng):
        count = rng.choice([1, 2, 3, 5, 8, 12, 12, 30])
        self.ids = [f"n{no:02}" for no in range(count)]
        rng.shuffle(self.ids)
        self.box = {it: rng.random() < 0.6 for it in self.ids}
        self.next = [(rng.choice(self.ids), rng.choice(self.ids), rng.choice([None, 0, 1, 2, 2.5, 7])) for _ in range(rng.randrange(0, 3 * count))]
        boxes = [it for it in self.ids if self.box[it]]
        self.like = [(rng.choice(boxes), rng.choice(boxes)) for _ in range(rng.randrange(0, count))] if boxes else []
        # A symmetric edge from an entity to itself is seen once; networkx sees it twice.
        self.like = [(a, b) for a, b in self.like if a != b]

    def write(self, folder):
        (folder / "schema").mkdir()
        (folder / "schema/schema.graphql").write_text(SCHEMA)
        (folder / "data").mkdir()
        lines = []
        for it in self.ids:
            label = "Box" if self.box[it] else "Ball"
            lines.append({"type": "node", "id": it, "labels": [label], "properties": {"name": [it]}})
        for a, b, weight in self.next:
            properties = {} if weight is None else {"weight": [weight]}
            lines.append({"type": "edge", "from": a, "to": b, "labels": ["NEXT"], "properties": properties})
        for a, b in self.like:
            lines.append({"type": "edge", "from": a, "to": b, "labels": ["LIKE"], "properties": {}})
        (folder / "data/graph.jsonl").write_text("".join(json.dumps(it) + "\n" for it in lines))

    def directed(self):
        graph = nx.MultiDiGraph()
        graph.add_nodes_from(self.ids)
        graph.add_edges_from((a, b) for a, b, _ in self.next)
        graph.add_edges_from(self.like)
        graph.add_edges_from((b, a) for a, b in self.like)
        return graph

    def undirected(self):
        graph = nx.MultiGraph()
        graph.add_nodes_from(self.ids)
        graph.add_edges_from((a, b, {"weight": 1 if w is None else w}) for a, b, w in self.next)
        graph.add_edges_from((a, b, {"weight": 1}) for a, b in self.like)
        return graph

    def check_rdf(self, graph, context):
        """The export is what the files say: its edges, each symmetric one both ways."""
        triples = lambda name, pairs: {(ENTITY[a], VOCABULARY[name], ENTITY[b]) for a, b in pairs}
        theirs = triples("next", [(a, b) for a, b, _ in self.next])
        theirs |= triples("like", self.like) | triples("like", [(b, a) for a, b in self.like])
        ours = {it for name in ("next", "like") for it in graph.triples((None, VOCABULARY[name], None))}
        same("exported edges", sorted(ours), sorted(theirs), context)
        same("exported entities", sorted(graph.subjects(rdflib.RDF.type, None)) , sorted([ENTITY[it] for it in self.ids] + list(graph.subjects(rdflib.RDF.type, rdflib.RDF.Statement))), context)
        weights = sorted(float(it) for it in graph.objects(None, VOCABULARY.weight))
        same("exported weights", weights, sorted(float(it) for _, _, it in self.next if it is not None), context)


def simple(graph, kind):
    """Without parallel edges and loops, as searches see it."""
    plain = kind()
    plain.add_nodes_from(graph.nodes)
    plain.add_edges_from((a, b) for a, b in graph.edges() if a != b)
    return plain


def scores(ranked):
    return {it["entity"]["id"]: it["score"] for it in ranked}


RANKINGS = """
  pageRank: ranking(by: PAGE_RANK, first: 10000) { entity { id } score exact }
  degree: ranking(by: DEGREE, first: 10000) { entity { id } score }
  betweenness: ranking(by: BETWEENNESS, first: 10000) { entity { id } score exact }
  betweennessOut: ranking(by: BETWEENNESS, direction: OUT, first: 10000) { entity { id } score }
  closeness: ranking(by: CLOSENESS, first: 10000) { entity { id } score }
  closenessOut: ranking(by: CLOSENESS, direction: OUT, first: 10000) { entity { id } score }
  weak: components(first: 10000) { size nodes(first: 10000) { nodes { id } } }
  strong: components(strong: true, first: 10000) { size nodes(first: 10000) { nodes { id } } }
"""


def check_rankings(data, directed, undirected, context):
    close("PageRank", scores(data["pageRank"]), nx.pagerank(directed, tol=1e-12, max_iter=1000), context)
    close("degree", scores(data["degree"]), dict(undirected.degree()), context)
    either, ways = simple(undirected, nx.Graph), simple(directed, nx.DiGraph)
    close("betweenness", scores(data["betweenness"]), nx.betweenness_centrality(either), context)
    close("betweenness along", scores(data["betweennessOut"]), nx.betweenness_centrality(ways), context)
    close("closeness", scores(data["closeness"]), nx.closeness_centrality(either), context)
    close("closeness along", scores(data["closenessOut"]), nx.closeness_centrality(ways), context)
    sets = lambda components: sorted(sorted(it["id"] for it in component["nodes"]["nodes"]) for component in components)
    same("components", sets(data["weak"]), sorted(sorted(it) for it in nx.connected_components(undirected)), context)
    same("strong components", sets(data["strong"]), sorted(sorted(it) for it in nx.strongly_connected_components(directed)), context)
    for component in data["weak"] + data["strong"]:
        same("size", component["size"], len(component["nodes"]["nodes"]), context)


PAIR = """
  path{no}: path(from: "{a}", to: "{b}", maxHops: 30) {{ length nodes {{ id }} }}
  along{no}: path(from: "{a}", to: "{b}", direction: OUT, maxHops: 30) {{ length }}
  cheap{no}: path(from: "{a}", to: "{b}", weight: "weight", maxHops: 30) {{ cost }}
  all{no}: paths(from: "{a}", to: "{b}", maxHops: 3, first: 10000) {{ nodes {{ length nodes {{ id }} }} }}
  near{no}: neighborhood(of: ["{a}"], hops: 2) {{ nodes {{ id }} links {{ from {{ id }} to {{ id }} }} totalCount }}
  far{no}: thing(id: "{a}") {{ next(depth: {depth}, first: 1000) {{ edges {{ node {{ id }} statement {{ field }} }} }} }}
  jaccard{no}: similar(to: "{a}", first: 1000) {{ entity {{ id }} score }}
  adamic{no}: similar(to: "{a}", by: ADAMIC_ADAR, first: 1000) {{ entity {{ id }} score }}
"""


def check_pair(data, model, no, a, b, context):
    directed, undirected = model.directed(), model.undirected()
    def length(graph, weight=None):
        try:
            return nx.shortest_path_length(graph, a, b, weight=weight)
        except nx.NetworkXNoPath:
            return None

    path = data[f"path{no}"]
    same("path", path and path["length"], length(undirected), context)
    if path:
        nodes = [it["id"] for it in path["nodes"]]
        same("path's edges", all(undirected.has_edge(*it) for it in zip(nodes, nodes[1:])), True, context)
    along = data[f"along{no}"]
    same("path along", along and along["length"], length(directed), context)
    cheap = data[f"cheap{no}"]
    same("cheapest path", cheap and cheap["cost"], length(undirected, "weight"), context)
    if a == b:
        theirs = [[a]]
    else:
        theirs = sorted(([edge[0] for edge in path] + [b] for path in nx.all_simple_edge_paths(undirected, a, b, cutoff=3)), key=lambda it: (len(it), it))
    ours = [[it["id"] for it in path["nodes"]] for path in data[f"all{no}"]["nodes"]]
    same("simple paths", sorted(ours, key=lambda it: (len(it), it)), theirs, context)
    same("their order", [len(it) for it in ours], sorted(len(it) for it in ours), context)
    ego = nx.ego_graph(undirected, a, radius=2)
    near = data[f"near{no}"]
    same("neighborhood", sorted(it["id"] for it in near["nodes"]), sorted(ego.nodes), context)
    ours = sorted(sorted((it["from"]["id"], it["to"]["id"])) for it in near["links"])
    same("its links", ours, sorted(sorted(it) for it in ego.edges()), context)
    # Level by level over one relation; the start itself only if a cycle leads back to it.
    level, found = {a}, []
    for _ in range(no + 1):
        level = {other for it in level for first, other, _ in model.next if first == it} - set(found)
        found += sorted(level)
    far = [edge["node"]["id"] for edge in data[f"far{no}"]["next"]["edges"]]
    same("closure", sorted(far), sorted(found), context)
    plain = simple(undirected, nx.Graph)
    others = [it for it in plain if it != a and set(plain[a]) & set(plain[it])]
    theirs = {other: score for _, other, score in nx.jaccard_coefficient(plain, [(a, it) for it in others])}
    close("Jaccard", scores(data[f"jaccard{no}"]), theirs, context)
    theirs = {other: score for _, other, score in nx.adamic_adar_index(plain, [(a, it) for it in others])}
    close("Adamic-Adar", scores(data[f"adamic{no}"]), theirs, context)


def expression(rng, depth=0, repeated=False):
    """A random path expression, in Clew's words and in SPARQL's. Nothing repeated is repeated again: rdflib walks
    them over and over, for minutes where its sets happen to be in a bad order."""
    kinds = ["sequence", "choice", "inverse"] + ([] if repeated else ["repeat", "repeat", "counted"])
    kind = rng.choice(["field"] * 3 + kinds) if depth < 3 else "field"
    if kind == "field":
        return rng.choice([("next", "ex:next"), ("previous", "^ex:next"), ("like", "ex:like")])
    if kind in ("sequence", "choice"):
        parts = [expression(rng, depth + 1, repeated) for _ in range(2)]
        sign = "/" if kind == "sequence" else "|"
        return tuple("(" + sign.join(part[side] for part in parts) + ")" for side in (0, 1))
    inner = expression(rng, depth + 1, repeated or kind != "inverse")
    if kind == "inverse":
        return f"^({inner[0]})", f"^({inner[1]})"
    if kind == "repeat":
        sign = rng.choice("*+?")
        return f"({inner[0]}){sign}", f"({inner[1]}){sign}"
    # SPARQL 1.1 has no counts: they are written out.
    least, more = rng.randrange(0, 3), rng.randrange(0, 3)
    times = [f"({inner[1]})"] * least + [f"({inner[1]})?"] * more
    written = "/".join(times) if times else "ex:nothing?"
    return f"({inner[0]}){{{least},{least + more}}}", f"({written})"


def check_random(seed, folder):
    rng = random.Random(seed)
    model = Model(rng)
    model.write(folder)
    pairs = [(rng.choice(model.ids), rng.choice(model.ids)) for _ in range(3)]
    paths = [(rng.choice(model.ids), *expression(rng)) for _ in range(6)]
    query = "{" + RANKINGS + "".join(PAIR.format(no=no, a=a, b=b, depth=no + 1) for no, (a, b) in enumerate(pairs))
    for no, (start, ours, _) in enumerate(paths):
        query += f'\n  follow{no}: node(id: "{start}") {{ follow(path: "{ours}", first: 1000) {{ totalCount nodes {{ id }} }} }}'
    query += "}"
    data = ask(folder / "schema", folder / "data", query)
    context = f"seed {seed}: next {model.next}, like {model.like}"
    directed, undirected = model.directed(), model.undirected()
    check_rankings(data, directed, undirected, context)
    for no, (a, b) in enumerate(pairs):
        check_pair(data, model, no, a, b, f"from {a} to {b}, {context}")
    rdf = rdflib.Graph().parse(data=run(folder / "schema", folder / "data", WHOLE, "--as", "turtle"), format="turtle")
    model.check_rdf(rdf, context)
    # Paths go over the facts alone: statements about them would only take rdflib's time.
    for it in list(rdf):
        if it[1] not in (VOCABULARY.next, VOCABULARY.like, rdflib.RDF.type) or isinstance(it[0], rdflib.BNode):
            rdf.remove(it)
    for no, (start, ours, theirs) in enumerate(paths):
        rows = rdf.query(f"PREFIX ex: <{VOCABULARY}> SELECT DISTINCT ?it WHERE {{ <{ENTITY[start]}> {theirs} ?it }}")
        expected = sorted(str(row[0]).removeprefix(str(ENTITY)) for row in rows if str(row[0]).startswith(str(ENTITY)))
        found = [it["id"] for it in data[f"follow{no}"]["follow"]["nodes"]]
        same(f"follow {ours}", found, expected, f"from {start}, SPARQL {theirs}, {context}")


def check_graph(schema, data, seed):
    """A graph that is there already, as its links say it is."""
    query = "{ entities(first: 3000) { totalCount nodes { id links(direction: OUT, first: 1000) { nodes { to { id } forward relation } } } } }"
    answer = ask(schema, data, query)["entities"]
    assert answer["totalCount"] <= 3000, "too large to be read at once"
    directed, undirected = nx.MultiDiGraph(), nx.MultiGraph()
    symmetric = {it["name"] for it in ask(schema, data, "{ graph { relations { name symmetric } } }")["graph"]["relations"] if it["symmetric"]}
    for node in answer["nodes"]:
        directed.add_node(node["id"])
        undirected.add_node(node["id"])
        for link in node["links"]["nodes"]:
            other = link["to"]["id"]
            directed.add_edge(node["id"], other)
            if link["relation"] not in symmetric or node["id"] < other:
                undirected.add_edge(node["id"], other)
    check_rankings(ask(schema, data, "{" + RANKINGS + "}"), directed, undirected, str(data))
    check_paths(schema, data, undirected, random.Random(seed), 50)
    return len(directed)


def check_paths(schema, data, undirected, rng, count):
    ids = list(undirected)
    pairs = [(rng.choice(ids), rng.choice(ids)) for _ in range(count)]
    query = "{" + "".join(f'p{no}: path(from: "{a}", to: "{b}", maxHops: 40) {{ length nodes {{ id }} }}\n' for no, (a, b) in enumerate(pairs)) + "}"
    found = ask(schema, data, query)
    for no, (a, b) in enumerate(pairs):
        path = found[f"p{no}"]
        theirs = len(nx.bidirectional_shortest_path(undirected, a, b)) - 1 if nx.has_path(undirected, a, b) else None
        same("path", path and path["length"], theirs, f"from {a} to {b}")
        if path:
            nodes = [it["id"] for it in path["nodes"]]
            same("path's edges", all(undirected.has_edge(*it) for it in zip(nodes, nodes[1:])), True, f"from {a} to {b}")


WORDNET_SCHEMA = ROOT / "examples/wordnet/schema"
BOTH_WAYS = {"ANTONYM", "SIMILAR_TO", "DERIVATION", "VERB_GROUP"}
PARTS = ["noun.feeling", "noun.shape", "noun.motive", "verb.weather", "adj.ppl"]
WHOLE_WORDNET = """{
  pageRank: ranking(by: PAGE_RANK, first: 200) { entity { id } score exact }
  degree: ranking(by: DEGREE, first: 200) { entity { id } score exact }
  weak: components(first: 50) { size }
  strong: components(strong: true, first: 50) { size }
}"""


def wordnet_graphs(nodes, edges):
    directed, undirected = nx.MultiDiGraph(), nx.MultiGraph()
    directed.add_nodes_from(nodes)
    undirected.add_nodes_from(nodes)
    for it in edges:
        a, b = it["from"], it["to"]
        undirected.add_edge(a, b)
        directed.add_edge(a, b)
        if it["labels"][0] in BOTH_WAYS and a != b:
            directed.add_edge(b, a)
    return directed, undirected


def check_wordnet(data, seed):
    """WordNet as its files say it is: what is cheap of all of it, everything of parts of it."""
    read = lambda name: [json.loads(line) for line in (data / name).open()]
    nodes, edges = read("nodes.jsonl"), read("edges.jsonl")
    directed, undirected = wordnet_graphs([it["id"] for it in nodes], edges)
    rng = random.Random(seed)
    check_paths(WORDNET_SCHEMA, data, undirected, rng, 60)
    found = ask(WORDNET_SCHEMA, data, WHOLE_WORDNET)
    sizes = lambda components: sorted(map(len, components), reverse=True)[:50]
    same("components", [it["size"] for it in found["weak"]], sizes(nx.connected_components(undirected)), "WordNet")
    same("strong components", [it["size"] for it in found["strong"]], sizes(nx.strongly_connected_components(directed)), "WordNet")
    # networkx ends when all entities together change by less than the tolerance times their number.
    page_rank = nx.pagerank(directed, tol=1e-10 / len(nodes), max_iter=1000)
    for name, theirs in (("pageRank", page_rank), ("degree", dict(undirected.degree()))):
        ours = scores(found[name])
        close(name, ours, {it: theirs[it] for it in ours}, "WordNet", 1e-9)
        least = min(ours.values())
        above = [it for it, score in theirs.items() if score > least + 1e-9]
        same(f"the first of {name}", [it for it in above if it not in ours], [], "WordNet")
    for part in PARTS:
        kept = {it["id"] for it in nodes if it["properties"].get("category") == [part]}
        some = [it for it in nodes if it["id"] in kept]
        between = [it for it in edges if it["from"] in kept and it["to"] in kept]
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "part.jsonl").write_text("".join(json.dumps(it) + "\n" for it in some + between))
            directed, undirected = wordnet_graphs(kept, between)
            check_rankings(ask(WORDNET_SCHEMA, folder, "{" + RANKINGS + "}"), directed, undirected, part)
            check_paths(WORDNET_SCHEMA, folder, undirected, rng, 50)
        print(f"WordNet's {part} compared: {len(kept)} entities, {len(between)} edges")
    return len(nodes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--graphs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wordnet", type=Path)
    options = parser.parse_args()
    for no in range(options.graphs):
        with tempfile.TemporaryDirectory() as folder:
            check_random(options.seed * 1000 + no, Path(folder))
        if failures > 5:
            break
    print(f"{options.graphs} random graphs compared")
    print(f"ECPAT compared: {check_graph(ROOT / 'schema', ROOT / 'data', options.seed)} entities")
    if options.wordnet:
        print(f"WordNet compared: {check_wordnet(options.wordnet, options.seed)} entities")
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


main()
