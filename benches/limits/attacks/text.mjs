// Pieces that attacks are made of.

export const repeat = (text, times) => text.repeat(times);
export const many = (count, make, between = " ") => Array.from({ length: count }, (_, no) => make(no)).join(between);
/** So many aliases of a selection. */
export const aliases = (count, selection) => `{ ${many(count, (no) => `a${no}: ${typeof selection === "function" ? selection(no) : selection}`)} }`;

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
