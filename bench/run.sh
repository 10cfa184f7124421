#!/bin/sh
# Measures rankings beside rivals and makes docs/performance.md and its plots
# anew out of what was found. PARTS and SETS choose (bench/README.md);
# BENCH_LARGE=1 adds ten million opportunities.
set -eu
cd "$(dirname "$0")"
out=$PWD/../out/bench
data=${KINDRED_DATA:-$PWD/../../shared/data}
mkdir -p "$out"
step() { echo "== $(date +%T) $*" >&2; }

step "install"
sh ./install.sh
step "build"
go build -o "$out/measure" ./cmd/measure
go build -o "$out/report" ./cmd/report
measure() { "$out/measure" --data "$data" --work "$out" "$@"; }
step "measure${PARTS:+ $PARTS}${SETS:+ on $SETS}"
measure --parts "${PARTS:-}" --sets "${SETS:-}"
if [ "${BENCH_LARGE:-}" ]; then
  step "ten million opportunities: some minutes"
  measure --parts rank --sets 10000000 --queries 100 --rounds 5
  measure --parts lucene --sets 10000000 --queries 20 --rounds 3
fi
step "docs/performance.md"
"$out/report"
step "done"
