#!/bin/sh
# A binary that was built without npm shows the small page, which says how to get the full one and needs no other host.
set -eu
out=$(mktemp)
"$1" serve --listen 127.0.0.1:0 >"$out" &
server=$!
trap 'kill $server; rm -f "$out"' EXIT
tries=0
until grep -q listening "$out"; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo 'the server does not start'; exit 1; }
  sleep 0.1
done
address=$(sed 's/listening on //' "$out")
page=$(curl -sS "$address/")
case $page in
  *//*) echo "the small page names another host: $page"; exit 1 ;;
  *'install Node 20'*'src="/small.js"'*) ;;
  *) echo "not the small page: $page"; exit 1 ;;
esac
curl -sSf "$address/small.js" | grep -q "fetch('/graphql'"
curl -sSI "$address/" | grep -qi "^content-security-policy: default-src 'self';"
echo 'the small page is shown'
