// One request over each limit.

import { query } from "../attack.mjs";
import { endless, many, repeat } from "./text.mjs";

const limit = (name, expects, text, options = []) => query("limits", name, () => ({ query: text() }), { expects: [expects].flat(), options });
const wide = (levels, first) => `${repeat(`links(first: ${first}) { nodes { to { `, levels)}degree${repeat(" } } }", levels)}`;

export default [
  limit("body size", ["413", "closed"], () => `{ __typename } #${repeat("x", 2 << 20)}`),
  limit("tokens", "TOKEN_LIMIT", () => `{ ${repeat("__typename ", 60_000)} }`),
  limit("depth", "DEPTH_LIMIT", () => `{ town(id: "town-9") { ${repeat("partOf { nodes { ", 35)}id${repeat(" } }", 35)} } }`),
  limit("aliases", "ALIAS_LIMIT", () => `{ ${many(2500, (no) => `a${no}: __typename`)} }`),
  limit("expansion of fragments", "FIELD_LIMIT", () => `{ ...F0 } ${many(25, (no) => `fragment F${no} on Query { ...F${no + 1} ...F${no + 1} }`)} fragment F25 on Query { __typename }`),
  limit("list sizes", "PAGE_LIMIT", () => "{ entities(first: 2000000000) { nodes { id } } }"),
  limit("cost, known before it runs", "COST_LIMIT", () => `{ entities(first: 1000) { nodes { ${wide(6, 1000)} } } }`),
  limit("rows visited", "ROW_LIMIT", () => `{ entities(first: 128) { nodes { ${wide(7, 20)} } } }`, ["--max-rows", "1000000", "--max-cost", "1000000000000000"]),
  limit("bytes written", "BYTE_LIMIT", () => `{ entities(first: 128) { nodes { ${wide(6, 20)} } } }`, ["--max-bytes", "16000000", "--max-cost", "1000000000000000"]),
  query("limits", "deadline", () => ({ query: endless() }), { expects: ["TIMEOUT"], options: ["--timeout", "1"], graph: "large", whole: true }),
];
