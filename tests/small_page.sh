#!/bin/sh
# A binary that was built without npm serves small pages: they need no script and no other host, show the graph with its
# sources, and escape its texts. Usage: small_page.sh BINARY
set -eu
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT

mkdir "$folder/schema" "$folder/data"
cat >"$folder/schema/s.graphql" <<'END'
type Thing @entity(label: "name") {
  name: String! @search
  site: URL
  parts: [Thing!]! @relation(name: "HAS_PART", inverse: "partOf", edge: "Part")
}
type Part @edge { role: String }
END
# U+202E reverses the direction of the text that follows it.
override=$(printf '\342\200\256')
cat >"$folder/data/d.yaml" <<END
graph:
  title: "<script>alert(1)</script>"
  examples: [{title: "A \"quoted\" title", query: "{ graph { title } }"}]
source: book
Source:
  book: {title: "The <b>book</b>"}
Thing:
  a/b%c:
    name: {value: "\"><script>alert('harbour')</script>${override}end", cite: page/1}
    site: {value: "https://example.org/?a=1&b=\"<", cite: page/2}
    parts: {to: other, role: "<i>part</i>", cite: page/3, valid: 2010/2012}
  other: {name: Other harbour}
END

out=$folder/out
"$1" serve --schema "$folder/schema" --data "$folder/data" --listen 127.0.0.1:0 >"$out" &
server=$!
tries=0
until grep -q listening "$out"; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo 'the server does not start'; exit 1; }
  sleep 0.1
done
address=$(sed 's/listening on //' "$out")

# Fetches a page and checks what is true of all pages. The status is in $status and the page in $page.
get() {
  status=$(curl -sS -o "$folder/page" -D "$folder/headers" -w '%{http_code}' -H 'accept: text/html' "$address$1")
  page=$(cat "$folder/page")
  grep -qi "^content-security-policy: default-src 'self';" "$folder/headers" || { echo "$1 has no policy"; exit 1; }
  case $page in
    *'<!DOCTYPE html>'*) ;;
    *) echo "$1 is no page: $page"; exit 1 ;;
  esac
  case $page in
    *'<script'* | *'<i>'* | *'<b>'* | *javascript:*) echo "$1 has markup of the graph: $page"; exit 1 ;;
    *src=*) echo "$1 loads something: $page"; exit 1 ;;
  esac
}

# Fails unless the page has a status and contains each of the other arguments.
has() {
  wanted=$1
  shift
  [ "$status" = "$wanted" ] || { echo "the status is $status, not $wanted: $page"; exit 1; }
  for part in "$@"; do
    case $page in
      *"$part"*) ;;
      *) echo "the page has no $part: $page"; exit 1 ;;
    esac
  done
}

get /
has 200 '&lt;script&gt;alert(1)' 'action="/search"' 'href="/search?type=Thing"' 'href="/schema.graphql"' \
  'href="/graphiql?query=%7B%20graph' 'install Node 20'
get '/search?q=harbour'
has 200 '2 found' 'href="/entity/a%2Fb%25c"' '<mark>harbour</mark>'
get '/search?q=harbuor'
has 200 'href="/entity/other"'
get '/search?type=Thing'
has 200 'href="/entity/other"' '(2)'
get '/search?type=Nothing'
has 422 'Nothing'
get /entity/a%2Fb%25c
has 200 "<bdi>&quot;&gt;&lt;script&gt;alert('harbour')&lt;/script&gt;${override}end</bdi>" 'href="/source/book"' \
  'The &lt;b&gt;book' 'page/3' 'role: <bdi>&lt;i&gt;part' 'from 2010' 'href="/entity/other"' \
  'href="https://example.org/?a=1&amp;b=' 'rel="nofollow noreferrer"'
get '/entity/a%2Fb%25c?asOf=2015'
has 200 'as of 2015'
case $page in *'&lt;i&gt;part'*) echo "a statement of 2010 to 2012 is shown for 2015"; exit 1 ;; esac
get '/entity/other-harbur'
has 404 'href="/entity/other"'
get /source/book
has 200 '3 citations' 'page/2' 'href="/entity/a%2Fb%25c"'
get /source/nothing
has 404 'nothing'
get '/graphiql?query=%7B%20a%20%3C%2Ftextarea%3E%20%7D'
has 200 'action="/graphql"' '{ a &lt;/textarea&gt; }'
curl -sS -o /dev/null -w '%{redirect_url}' "$address/?query=%7Bgraph%7D" | grep -q '/graphiql?query=%7Bgraph%7D$'
curl -sSf -H 'accept: text/turtle' "$address/entity/a%2Fb%25c" | grep -q 'page/2'
echo 'the small pages are shown'
