#!/bin/bash
# Fails for a source file of 500 lines or more that isn't generated, and for a
# note that something is still to be done: that belongs into an issue.
set -eu -o pipefail
cd "$(dirname "$0")/.."
notes='TO''DO|FIX''ME'
bad=0

# Files of the working tree, new ones too; deleted ones are listed until then.
while read -r file; do
  [ -f "$file" ] || continue
  head -5 "$file" | grep -q 'Code generated .* DO NOT EDIT' && continue
  lines=$(wc -l <"$file")
  if [ "$lines" -ge 500 ]; then
    echo "$file: $lines lines; fewer than 500 wanted, split it by what it does"
    bad=1
  fi
done < <(git ls-files --cached --others --exclude-standard -- \
  '*.go' '*.s' '*.sh' '*.sql' '*.proto' Makefile .ci | grep -v '/testdata/')

if git grep --untracked -nIE "\b($notes)\b" -- . ':!*/testdata/*' ':!LICENSE' ':!*/package-lock.json'; then
  bad=1
fi
exit $bad
