// A description of the schema, with names in backquotes.

export function Prose({ text }: { text: string }) {
  return text.split('`').map((part, no) => (no % 2 === 1 ? <code key={no}>{part}</code> : <span key={no}>{part}</span>));
}
