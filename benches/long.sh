#!/usr/bin/env bash
# Long runs, which .ci/run leaves out: ten minutes of random requests, all attacks, and ten minutes of load during
# attacks. Prints rows for the table in docs/testing.md. Exits with 1 if a run fails.
#
#   cargo build --release --features probes && benches/long.sh [SECONDS]
#
# SECONDS (600) is the duration of each of the two long runs. CLEW is the binary. Needs Node 20 and npm.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
export CLEW=${CLEW:-target/release/clew}
logs=$(mktemp -d)
failed=0
summary=()
date=$(date -u +%F)
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
machine="$(nproc) cores, $(($(grep -oP 'MemTotal:\s+\K\d+' /proc/meminfo) >> 20)) GiB"

run() {
  local name=$1 log=$logs/$1.log result=passed figures
  shift
  printf '\n== %s\n' "$name"
  "$@" 2>&1 | tee "$log"
  if [ "${PIPESTATUS[0]}" -ne 0 ]; then
    result=failed
    failed=1
  fi
  figures=$(grep -E 'requests in|attacks hold|questions \(' "$log" | tail -n 1)
  summary+=("| $name | $date | $commit | $machine | $result: $figures |")
}

(cd tests/oracle && npm ci --no-audit --no-fund --ignore-scripts >"$logs/npm" 2>&1) || cat "$logs/npm"
if [ ! -e target/wordnet/nodes.jsonl ]; then
  (cd examples/wordnet && npm ci --no-audit --no-fund --ignore-scripts && npm run convert -- ../../target/wordnet) >"$logs/wordnet" 2>&1 || cat "$logs/wordnet"
fi

run fuzzer node benches/limits/fuzz.mjs --seconds "$seconds" --seed random
run attacks node benches/limits/attacks.mjs --probes --markdown "$logs/attacks.md"
run load node benches/limits/load.mjs --seconds "$seconds"

printf '\nlogs are in %s\n\n' "$logs"
printf '| what | date | commit | machine | result |\n| --- | --- | --- | --- | --- |\n'
printf '%s\n' "${summary[@]}"
exit "$failed"
