#!/bin/bash
# Fails when the generated Go code isn't what the .proto files give.
set -eu -o pipefail
cd "$(dirname "$0")/.."
buf=${BUF:-tools/node_modules/.bin/buf}
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

"$buf" generate -o "$fresh"
generated() { (cd "$1" && find proto -name '*.pb.go' -exec sha256sum {} + | sort -k2); }
if ! diff <(generated .) <(generated "$fresh"); then
  echo 'make generate does it'
  exit 1
fi
echo 'up to date'
