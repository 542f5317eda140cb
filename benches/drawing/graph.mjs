// The same graph for each candidate: communities around hubs, and edges between them. Positions are computed by ForceAtlas2.
import Graph from 'graphology';
import forceAtlas2 from 'graphology-layout-forceatlas2';

/** Random numbers that are the same in each run. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

const COLOURS = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377'];

export function graph(nodes) {
  const next = random(1);
  const graph = new Graph({ multi: true });
  for (let no = 0; no < nodes; no += 1) {
    graph.addNode(`n${no}`, { x: next() * 1000, y: next() * 1000, label: `Entity number ${no}`, color: COLOURS[no % 6], size: no % 20 === 0 ? 10 : 5 });
  }
  for (let no = 1; no < nodes; no += 1) {
    graph.addEdge(`n${no}`, `n${no - (no % 20) || Math.floor(next() * no)}`, { color: '#999999', size: 1 });
    graph.addEdge(`n${no}`, `n${Math.floor(next() * no)}`, { color: '#999999', size: 1 });
  }
  forceAtlas2.assign(graph, { iterations: 60, settings: forceAtlas2.inferSettings(graph) });
  return graph.export();
}
