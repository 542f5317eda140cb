import Graph from 'graphology';
import Sigma from 'sigma';

export function show(container, drawn) {
  new Sigma(Graph.from(drawn), container);
}
