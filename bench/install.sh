#!/bin/sh
# Installs the programs that rankings are measured beside, by apt: a JDK with
# Debian's Lucene, Redis and PostgreSQL. The servers are not started as services:
# a measurement starts its own on a socket in a temporary folder.
set -eu
missing=
need() { # PACKAGE PATH
  [ -e "$2" ] || missing="$missing $1"
}
need openjdk-17-jdk-headless /usr/bin/javac
need liblucene8-java /usr/share/java/lucene-core-8.7.0.jar
need redis-server /usr/bin/redis-server
need postgresql "$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)"
if [ -z "$missing" ]; then
  echo "the rivals are installed" >&2
  exit 0
fi
echo "installs by apt:$missing" >&2
if [ "$(id -u)" -ne 0 ]; then
  echo "that needs root: run  apt-get install$missing" >&2
  exit 1
fi
apt-get update -q >&2
# Without a policy that forbids it, packages start their servers.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends $missing >&2
