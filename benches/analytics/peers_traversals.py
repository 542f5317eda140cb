"""Traversals and rankings of WordNet by scipy, igraph and rustworkx, beside the answers and times of `traversals.rs`.

    python3 -m venv target/peers-traversals
    target/peers-traversals/bin/pip install numpy==2.4.6 scipy==1.17.1 igraph==1.0.0 rustworkx==0.17.1
    target/peers-traversals/bin/python benches/analytics/peers_traversals.py DATA ANSWERS TIMES [--rounds 9]

DATA is the folder that examples/wordnet/convert.mjs wrote, ANSWERS and TIMES what the bench wrote and printed. The
answers are compared first: counts and sizes exactly, scores within 1e-9. The table has medians of CPU time in
milliseconds, since on a busy machine the wall clock says little. Of igraph and rustworkx, the table has the faster one. The peers' graphs are made before, outside the times;
leaving out the avoided entity is not in their times either.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import igraph
import numpy as np
import rustworkx
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components

SYMMETRIC = {"ANTONYM", "SIMILAR_TO", "DERIVATION", "VERB_GROUP"}
VIA = {"REGION", "SEE_ALSO", "VERB_GROUP"}


class Data:
    """The entities by number, and the edges of each relation."""

    def __init__(self, folder):
        self.ids, self.is_synset, self.category = [], [], []
        with open(folder / "nodes.jsonl", encoding="utf-8") as lines:
            for line in lines:
                node = json.loads(line)
                self.ids.append(node["id"])
                self.is_synset.append(node["labels"] == ["Synset"])
                self.category.append(node["properties"].get("category", [None])[0])
        self.number = {it: no for no, it in enumerate(self.ids)}
        edges, names = {}, set()
        with open(folder / "edges.jsonl", encoding="utf-8") as lines:
            for line in lines:
                edge = json.loads(line)
                name = edge["labels"][0]
                a, b = self.number[edge["from"]], self.number[edge["to"]]
                # A symmetric edge that the data has from either end is one edge.
                key = (name, min(a, b), max(a, b)) if name in SYMMETRIC else (name, a, b)
                edges[key] = float(edge["properties"].get("position", [1])[0])
                names.add(name)
        self.edges = {name: [] for name in names}
        self.weights = []
        for (name, a, b), weight in edges.items():
            self.edges[name].append((a, b))
            self.weights.append((a, b, weight))

    def directed(self, names):
        """Edges as they are walked: symmetric ones both ways, one from an entity to itself once."""
        for name in names:
            for a, b in self.edges[name]:
                yield a, b
                if name in SYMMETRIC and a != b:
                    yield b, a

    def matrix(self, pairs, without=None):
        pairs = np.array([it for it in pairs if without not in it], dtype=np.int32).reshape(-1, 2)
        count = len(self.ids)
        return csr_matrix((np.ones(len(pairs), dtype=np.float64), (pairs[:, 0], pairs[:, 1])), shape=(count, count))


class Undirected:
    """All edges, each walked both ways, as a graph of igraph and of rustworkx."""

    def __init__(self, data):
        pairs = [(a, b) for a, b, _ in data.weights]
        self.weights = [it[2] for it in data.weights]
        self.igraph = igraph.Graph(n=len(data.ids), edges=pairs)
        self.simple = self.igraph.copy().simplify()
        self.rustworkx = rustworkx.PyGraph()
        self.rustworkx.add_nodes_from(range(len(data.ids)))
        self.rustworkx.add_edges_from(data.weights)

    def path(self, a, b):
        yield lambda: len(self.igraph.get_shortest_path(a, b, output="epath"))
        yield lambda: len(rustworkx.dijkstra_shortest_paths(self.rustworkx, a, target=b)[b]) - 1

    def weighted_path(self, a, b):
        yield lambda: self.igraph.distances([a], [b], weights=self.weights)[0][0]
        yield lambda: rustworkx.dijkstra_shortest_path_lengths(self.rustworkx, a, lambda it: it, goal=b)[b]

    def paths(self, a, b):
        yield lambda: sorted(len(it) for it in self.igraph.get_k_shortest_paths(a, b, k=10, output="epath"))

    def neighborhood(self, a):
        yield lambda: self.igraph.neighborhood_size(a, order=3)

    def similar(self, a):
        """Scores of all vertices that share a neighbor with one."""

        def scores():
            near = [it for it in self.simple.neighborhood(a, order=2, mindist=0) if it != a]
            found = self.simple.similarity_jaccard(pairs=[(a, it) for it in near], loops=False)
            return dict(zip(near, found))

        yield scores


def timed(rounds, work):
    result, times = None, []
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        times.append((time.process_time() - start) * 1e3)
    return result, statistics.median(times)


def without(data, pairs, avoid):
    """An igraph graph without an entity, and the ids of its vertices."""
    kept = [no for no in range(len(data.ids)) if no != avoid]
    place = {no: at for at, no in enumerate(kept)}
    return kept, [(place[a], place[b]) for a, b in pairs if avoid not in (a, b)]


def check(name, ours, theirs):
    if ours != theirs:
        raise SystemExit(f"{name}: clew {ours}, peer {theirs}")


def check_scores(name, ranked, scores, tolerance):
    for it in ranked:
        theirs = scores[it["entity"]["id"]]
        if abs(it["score"] - theirs) > tolerance:
            raise SystemExit(f"{name}: {it}, peer {theirs}")
    least = min(it["score"] for it in ranked)
    listed = {it["entity"]["id"] for it in ranked}
    better = [it for it, score in scores.items() if score > least + 2 * tolerance and it not in listed]
    if better:
        raise SystemExit(f"{name}: {better[0]} is missing")


def compared(rounds, name, ours, peers, is_same=lambda a, b: a == b):
    """Checks an answer against all peers. The time of the fastest one."""
    times = []
    for peer in peers:
        theirs, taken = timed(rounds, peer)
        if not is_same(ours, theirs):
            raise SystemExit(f"{name}: clew {ours}, peer {theirs}")
        times.append(taken)
    return min(times)


def sizes(count, labels, data, avoid):
    labels = np.delete(labels, avoid)
    return sorted(np.bincount(labels, minlength=count).tolist(), reverse=True)[:5]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("times", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    data = Data(arguments.data)
    rounds = arguments.rounds
    everything = list(data.directed(data.edges))
    narrower = [[] for _ in data.ids]
    for a, b in data.edges["HYPERNYM"]:
        narrower[b].append(a)
    below = data.matrix([(b, a) for a, b in data.edges["HYPERNYM"]])
    some = [pair for name in VIA for pair in data.edges[name]]
    undirected = Undirected(data)
    peers = {}
    # igraph takes seconds for one, so each ranking is made for one avoided entity only.
    seen = set()
    for line in arguments.answers.read_text(encoding="utf-8").splitlines():
        answered = json.loads(line)
        name, variables, answer = answered["name"], answered["variables"], answered["answer"]["data"]
        avoid = data.number[variables["avoid"][0]] if "avoid" in variables else None
        taken = None
        if name == "H9":
            root = data.number[variables["id"]]
            reached, taken = timed(rounds, lambda: breadth_first_order(below, root, return_predecessors=False))
            check(name, answer["synset"]["follow"]["totalCount"], len(reached))
        elif name.startswith("H10"):
            matrix = data.matrix(everything, avoid)
            kind = name.split()[1]
            (count, labels), taken = timed(rounds, lambda: connected_components(matrix, directed=True, connection=kind))
            check(name, [it["size"] for it in answer["components"]], sizes(count, labels, data, avoid))
        elif name == "H13 count":
            held = sum(len(narrower[no]) >= variables["least"] for no in range(len(data.ids)) if data.is_synset[no])
            check(name, answer["synsets"]["totalCount"], held)
        elif name.startswith("H13"):
            quantifier = any if name == "H13 some" else all
            has = lambda no: quantifier(data.category[it] == variables["category"] for it in narrower[no])
            held = sum(has(no) for no in range(len(data.ids)) if data.is_synset[no])
            check(name, answer["synsets"]["totalCount"], held)
        elif name == "path":
            a, b = data.number[variables["from"]], data.number[variables["to"]]
            taken = compared(rounds, name, answer["path"]["length"], undirected.path(a, b))
        elif name == "weighted path":
            a, b = data.number[variables["from"]], data.number[variables["to"]]
            taken = compared(rounds, name, answer["path"]["cost"], undirected.weighted_path(a, b))
        elif name == "10 paths":
            a, b = data.number[variables["from"]], data.number[variables["to"]]
            lengths = [it["length"] for it in answer["paths"]["nodes"]]
            taken = compared(1, name, lengths, undirected.paths(a, b))
        elif name == "neighborhood":
            a = data.number[variables["id"]]
            taken = compared(rounds, name, answer["neighborhood"]["totalCount"], undirected.neighborhood(a))
        elif name == "similar":
            a = data.number[variables["id"]]
            ours = {data.number[it["entity"]["id"]]: it["score"] for it in answer["similar"]}

            def is_same(ours, theirs):
                best = sorted(theirs.values(), reverse=True)[: len(ours)]
                close = all(abs(theirs[it] - score) < 1e-9 for it, score in ours.items())
                return close and np.allclose(sorted(ours.values(), reverse=True), best, atol=1e-9)

            taken = compared(rounds, name, ours, undirected.similar(a), is_same)
        elif name not in seen:
            kept, pairs = without(data, everything if name == "H11" else some, avoid)
            graph = igraph.Graph(n=len(kept), edges=pairs, directed=name == "H11")
            count = len(kept)
            if name == "H11":
                scores, taken = timed(rounds, lambda: graph.pagerank(damping=0.85))
            else:
                graph.simplify()
                if name == "H12 betweenness":
                    scores, taken = timed(1, graph.betweenness)
                    scores = [2 * it / (count - 1) / (count - 2) for it in scores]
                else:
                    scores, taken = timed(1, lambda: graph.closeness(normalized=True))
                    # As Wasserman and Faust have it: times the share of the others that it is connected to.
                    reach = graph.connected_components()
                    share = [(reach.size(it) - 1) / (count - 1) for it in reach.membership]
                    scores = [0.0 if it != it else it * part for it, part in zip(scores, share)]
            scores = {data.ids[no]: score for no, score in zip(kept, scores)}
            check_scores(name, answer["ranking"], scores, 1e-9)
        seen.add(name)
        if taken is not None:
            peers.setdefault(name, []).append(taken)
    print("| question | Clew ms | peer ms | ratio |\n| --- | --- | --- | --- |")
    edges = len(data.edges["HYPERNYM"])
    for line in arguments.times.read_text(encoding="utf-8").splitlines():
        measured = json.loads(line)
        name, ours = measured["name"], measured["cpuMs"]
        if name in peers:
            theirs = statistics.median(peers[name])
            print(f"| {name} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} |")
        else:
            print(f"| {name} | {ours:.2f} | {ours * 1e6 / edges:.1f} ns for each of {edges} edges | |")


if __name__ == "__main__":
    main()
