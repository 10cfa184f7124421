#!/bin/sh
# Candidate sets in Redis: starts a redis-server of its own and a server that
# shares its sets there, asks, stops Redis and asks again. Everything lies in a
# folder of its own and ends with the script.
set -eu
kindred=./bin/kindred
command -v redis-server >/dev/null || { echo 'it needs redis-server: apt-get install redis-server' >&2; exit 1; }
work=$(mktemp -d)
server= redis=
finish() {
  for process in $server $redis; do
    kill -TERM "$process" 2>/dev/null && wait "$process" || true
  done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
until_there() {
  tries=0
  while [ ! -e "$1" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ]; then cat "$work"/*.log >&2; exit 1; fi
    sleep 0.1
  done
}

say "redis-server --port 0 --unixsocket $work/redis"
redis-server --port 0 --unixsocket "$work/redis" --save '' --dir "$work" >"$work/redis.log" &
redis=$!
until_there "$work/redis"

say "kindred serve --redis unix://$work/redis --candidate-sets always"
$kindred serve --data "$work/data" --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 \
  --redis "unix://$work/redis" --redis-budget 100ms --candidate-sets always --address-file "$work/address" 2>"$work/server.log" &
server=$!
until_there "$work/address"
address=$(cat "$work/address")
$kindred generate "$work/district" --students 100 --opportunities 800 --seed 7 2>/dev/null
$kindred import "$work/district" --server "$address" 2>/dev/null

match() {
  say "kindred match --server $address --student s0001 --k 3"
  $kindred match --server "$address" --student s0001 --k 3
}
match
match
say 'redis-cli dbsize'
redis-cli -s "$work/redis" dbsize
say "kill redis-server"
kill -KILL "$redis"
wait "$redis" 2>/dev/null || true
redis=
match
say 'what the server says of Redis'
grep -o '"msg":"[^"]*Redis[^"]*"' "$work/server.log"
