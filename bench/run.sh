#!/bin/sh
# Measures rankings beside the plain loop, in one run each, on invented
# opportunities and on folders made out of real data where those are at hand.
# One JSON object a line; docs/performance.md has them as a table.
set -eu
cd "$(dirname "$0")/.."
data=${KINDRED_DATA:-$PWD/../shared/data}
out=$PWD/out/bench
mkdir -p "$out"
for set in arxiv tate; do
  if [ ! -d "$data" ]; then
    echo "no real data in $data: $set is left out" >&2
  elif [ ! -d "$out/$set" ]; then
    go -C bench run ./cmd/folders --data "$data" "$set" "$out/$set" >&2
  fi
done
measure() {
  printf '%s: ' "$*" | sed "s#$out/##; s#$data/##" >&2
  ./bin/kindred bench rank --rounds 9 "$@"
}
if [ -d "$data/district-nyc" ]; then measure "$data/district-nyc"; fi
for n in 10000 100000 1000000; do measure --generate "$n"; done
for set in arxiv tate; do
  if [ -d "$out/$set" ]; then measure "$out/$set"; fi
done
if [ "${BENCH_LARGE:-}" ]; then measure --generate 10000000 --profiles 100 --rounds 5; fi
