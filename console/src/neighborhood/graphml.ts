// Reads the GraphML of the server.

export interface Graphml {
  nodes: { id: string; label: string; type: string }[];
  edges: { id: string; from: string; to: string; field: string }[];
}

export function readGraphml(text: string): Graphml {
  const document = new DOMParser().parseFromString(text, 'application/xml');
  const all = (name: string) => [...document.getElementsByTagName(name)];
  if (all('parsererror').length > 0) {
    throw new Error('The answer is not GraphML.');
  }
  const keys = new Map(all('key').map((key) => [key.getAttribute('id') ?? '', key.getAttribute('attr.name') ?? '']));
  const values = (element: Element) =>
    new Map([...element.children].map((data) => [keys.get(data.getAttribute('key') ?? '') ?? '', data.textContent]));
  return {
    nodes: all('node').map((node) => {
      const id = node.getAttribute('id') ?? '';
      const data = values(node);
      return { id, label: data.get('label') ?? id, type: data.get('type') ?? '' };
    }),
    edges: all('edge').map((edge) => {
      const data = values(edge);
      return {
        id: edge.getAttribute('id') ?? '',
        from: edge.getAttribute('source') ?? '',
        to: edge.getAttribute('target') ?? '',
        field: data.get('label') ?? '',
      };
    }),
  };
}
