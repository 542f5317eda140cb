"""Raphtory's GraphQL server with WordNet: python server.py FOLDER PORT, the folder as examples/wordnet/convert.mjs writes it."""

import json
import sys
import tempfile

from raphtory import Graph
from raphtory.graphql import GraphServer

folder, port = sys.argv[1], int(sys.argv[2])
graph = Graph()


def lines(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        yield from map(json.loads, file)


for line in lines("nodes.jsonl"):
    properties = {key: values[0] for key, values in line["properties"].items() if values}
    graph.add_node(0, line["id"], properties=properties, node_type=line["labels"][0])
for line in lines("edges.jsonl"):
    graph.add_edge(0, line["from"], line["to"], layer=line["labels"][0])

work = tempfile.mkdtemp()
graph.save_to_file(f"{work}/wordnet")
del graph
print(f"listening on http://127.0.0.1:{port}", flush=True)
GraphServer(work).run(port=port)
