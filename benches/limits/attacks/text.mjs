// Text fragments for building attacks.

export const repeat = (text, times) => text.repeat(times);
export const many = (count, make, between = " ") => Array.from({ length: count }, (_, no) => make(no)).join(between);
/** Without blanks that nothing needs: each counts as a token. */
export const dense = (text) =>
  text
    .split(/("(?:\\.|[^"\\])*")/)
    .map((part, no) => (no % 2 ? part : part.replace(/\s*([{}()[\]:,!|=])\s*/g, "$1").replace(/\s+/g, " ")))
    .join("");
/** `count` aliases of a selection, with as few tokens as possible. */
export const aliases = (count, selection) => dense(`{${many(count, (no) => `a${no}: ${typeof selection === "function" ? selection(no) : selection}`)}}`);
/** A document that on the large graph runs until its deadline, and whose answer would be short; each number makes another one. */
export const endless = (no = 0) => aliases(100, (alias) => (alias ? "ranking(by: BETWEENNESS, first: 1) { score }" : `ranking(by: CLOSENESS, first: ${1 + no}) { exact }`));

/** Random text, the same in each run. */
export class Random {
  constructor(seed = 13) {
    this.state = seed;
  }

  below(n) {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * n);
  }

  word(length) {
    return Array.from({ length }, () => String.fromCharCode(97 + this.below(26))).join("");
  }

  words(bytes) {
    let text = "";
    while (text.length < bytes) text += `${this.word(4 + this.below(8))} `;
    return text.slice(0, bytes).trim();
  }
}
