#!/bin/bash
# Fails when the tests of what must be exact cover less than 90 % of it.
set -eu -o pipefail
cd "$(dirname "$0")/.."
least=90
profile=$(mktemp)
trap 'rm -f "$profile"' EXIT

poor=0
for package in ./matcher ./matcher/place ./internal/district; do
  go test -coverprofile "$profile" "$package" >/dev/null || { go test "$package"; exit 1; }
  percent=$(go tool cover -func "$profile" | awk '$1 == "total:" { sub("%", "", $3); print $3 }')
  echo "$package $percent %"
  if awk -v p="$percent" -v l="$least" 'BEGIN { exit !(p < l) }'; then
    echo "$package: its tests must cover at least $least %; what they leave out:"
    go tool cover -func "$profile" | awk '{ p = $NF; sub("%", "", p); if (p < 80) print "  " $0 }'
    poor=1
  fi
done
exit $poor
