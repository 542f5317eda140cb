// Builds the program of a bench with cargo.

import { execFileSync } from "node:child_process";

/** Builds the bench of a name and returns the path of its program. */
export function built(root, name) {
  const said = execFileSync("cargo", ["bench", "--profile", "dist", "--bench", name, "--no-run", "--message-format=json"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const messages = said.split("\n").filter((it) => it.startsWith("{")).map((it) => JSON.parse(it));
  return messages.find((it) => it.target?.name === name && it.executable).executable;
}
