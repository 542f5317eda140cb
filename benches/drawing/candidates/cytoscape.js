import cytoscape from 'cytoscape';

export function show(container, { nodes, edges }, option) {
  cytoscape({
    container,
    elements: [
      ...nodes.map(({ key, attributes: { x, y, label, color, size } }) => ({ data: { id: key, label, color, size: size * 2 }, position: { x, y } })),
      ...edges.map(({ key, source, target, attributes: { color } }) => ({ data: { id: key, source, target, color } })),
    ],
    layout: { name: 'preset' },
    style: [
      { selector: 'node', style: { label: 'data(label)', 'background-color': 'data(color)', width: 'data(size)', height: 'data(size)', 'font-size': 10, 'min-zoomed-font-size': 8 } },
      { selector: 'edge', style: { width: 1, 'line-color': 'data(color)', 'target-arrow-color': 'data(color)', 'target-arrow-shape': 'triangle', 'curve-style': 'straight', 'arrow-scale': 0.6 } },
    ],
    textureOnViewport: option === 'texture',
    hideEdgesOnViewport: option === 'hide',
    hideLabelsOnViewport: option === 'hide',
    renderer: option === 'webgl' ? { name: 'canvas', webgl: true } : undefined,
  });
}
