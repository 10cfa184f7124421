#!/bin/bash
# Runs each fuzz target of the repository for $FUZZTIME, one after the other.
set -eu -o pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-5s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz PACKAGE TARGET runs one target. At the end of its time the fuzzing engine
# of Go 1.26 sometimes reports its own deadline as a failure (golang/go#75804,
# mended in 1.27): where that is all there is, the target runs again. What a
# target finds is always written down, and fails at once.
fuzz() {
  for _ in 1 2 3; do
    if go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" "$1" >"$log" 2>&1; then
      grep -E '^fuzz: elapsed' "$log" | tail -1
      return
    fi
    if ! grep -q '^ *context deadline exceeded$' "$log" || grep -q 'Failing input' "$log"; then
      break
    fi
    echo 'the deadline of the fuzzing engine; again'
  done
  cat "$log"
  return 1
}

# The packages are found by their text, so that only their tests are linked.
packages=$(grep -rlE --include='*_test.go' --exclude-dir=node_modules --exclude-dir=bench '^func Fuzz' . |
  xargs -r -n1 dirname | sort -u) || true
count=0
for package in $packages; do
  targets=$(go test -list '^Fuzz' "$package" | sed -n '/^Fuzz/p')
  for target in $targets; do
    echo "$package $target"
    fuzz "$package" "$target"
    count=$((count + 1))
  done
done
echo "$count fuzz targets"
if [ "$count" = 0 ]; then
  echo 'there are parsers, so there should be fuzz targets'
  exit 1
fi
