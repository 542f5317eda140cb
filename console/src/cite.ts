// Asks for the sources of a query's answer.

/** A string, a block string, a comment, or one other character. */
const PIECE = /"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*|[\s\S]/g;

/** Adds `@cite` to the operations of a document that do not have it. */
export function cited(document: string): string {
  let depth = 0;
  let parentheses = 0;
  /** The text since the last definition, in which the head of an operation is. */
  let head = '';
  let written = '';
  for (const [piece] of document.matchAll(PIECE)) {
    if (piece === '{' && depth === 0 && parentheses === 0) {
      if (/^\s*query\b/.test(head) && !/@cite\b/.test(head)) {
        written += /\s$/.test(head) ? '@cite ' : ' @cite ';
      } else if (head.trim() === '') {
        written += 'query @cite ';
      }
    }
    if (piece === '(') {
      parentheses += 1;
    } else if (piece === ')') {
      parentheses -= 1;
    } else if (piece === '{') {
      depth += 1;
    } else if (piece === '}') {
      depth -= 1;
    }
    written += piece;
    if (depth === 0) {
      head = piece === '}' && parentheses === 0 ? '' : piece.startsWith('#') ? head : head + piece;
    }
  }
  return written;
}
