#!/bin/bash
# Compares the API with that of an earlier commit: $BREAKING_AGAINST, else where
# this branch left main, else (on main) the commit before.
set -eu -o pipefail
cd "$(dirname "$0")/.."
buf=${BUF:-tools/node_modules/.bin/buf}

base=${BREAKING_AGAINST:-}
if [ -z "$base" ]; then
  main=$(git rev-parse -q --verify main || git rev-parse -q --verify origin/main || true)
  base=$(git merge-base HEAD "${main:-HEAD}" 2>/dev/null || true)
  if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse -q --verify 'HEAD~1' || true)
  fi
fi
if [ -z "$base" ]; then
  echo 'skipped: there is no earlier commit to compare with (a shallow clone?)'
  exit 0
fi
if [ -z "$(git ls-tree -r --name-only "$base" -- proto buf.yaml | grep '\.proto$' || true)" ]; then
  echo "skipped: $(git rev-parse --short "$base") has no API to compare with"
  exit 0
fi
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
git archive "$base" proto buf.yaml | tar -x -C "$before"
echo "against $(git rev-parse --short "$base")"
"$buf" breaking --against "$before"
