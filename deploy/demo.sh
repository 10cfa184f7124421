#!/bin/sh
# The main job on an invented district: generate, serve, import, match over
# gRPC. Everything lies in a folder of its own and ends with the script.
set -eu
kindred=./bin/kindred
work=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
    kill -TERM "$server"
    wait "$server" || true
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m$ kindred %s\033[0m\n' "$*"; }

say generate DISTRICT --students 400 --opportunities 800 --seed 7
$kindred generate "$work/district" --students 400 --opportunities 800 --seed 7

say serve --data DATA
$kindred serve --data "$work/data" --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 \
  --address-file "$work/address" 2>"$work/log" &
server=$!
tries=0
while [ ! -s "$work/address" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
    echo 'the server did not start; its log:' >&2
    cat "$work/log" >&2
    exit 1
  fi
  sleep 0.1
done
address=$(cat "$work/address")
echo "serving gRPC on $address"

say import DISTRICT --server "$address"
$kindred import "$work/district" --server "$address"

for student in $($kindred match "$work/district" --k 3 --output csv |
  awk -F, '$3 == 3 && !seen[$1]++ && n++ < 3 { print $1 }'); do
  say match --server "$address" --student "$student" --k 3 --explain
  $kindred match --server "$address" --student "$student" --k 3 --explain
done

kill -TERM "$server"
wait "$server"
server=
echo 'The server has stopped cleanly. The district is invented, and gone.'
cat <<'NEXT'

To try next:
  ./bin/kindred generate out/district --students 400 --opportunities 800
  ./bin/kindred match out/district --student s0001 --explain
  ./bin/kindred validate out/district
  ./bin/kindred serve --data out/data          # then, beside it:
  ./bin/kindred import out/district --server 127.0.0.1:7550
  ./bin/kindred bench rank --generate 1000000
NEXT
