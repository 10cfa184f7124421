#!/bin/sh
# Builds the rival into out/bench/lemon; installs LEMON and a compiler where they
# are missing (Debian: liblemon-dev 1.3.1, g++).
set -eu
cd "$(dirname "$0")"
out=../../out/bench
mkdir -p "$out"
if [ ! -f /usr/include/lemon/network_simplex.h ] || ! command -v g++ >/dev/null; then
  apt-get install -y --no-install-recommends liblemon-dev g++ >&2
fi
g++ -std=c++17 -O3 -march=native -o "$out/lemon" rival.cpp
