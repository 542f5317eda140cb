// The headers that clients send, recorded or taken from their sources. Headers that the transport sets are left out: `host`,
// `content-length`, `sec-websocket-*`.
//
// - `headers` are sent with every transport.
// - `http` are sent with HTTP, and not with a WebSocket.
// - `accept` is the client's `Accept` header, and the content type of the expected answer, for `post` and `get`.

const JSON_TYPE = 'application/json';
const RESPONSE = 'application/graphql-response+json';
const EVENTS = 'text/event-stream';

const CHROME = {
  'sec-ch-ua': '"Chromium";v="141", "Not?A_Brand";v="8", "Google Chrome";v="141"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7',
  cookie: '_ga=GA1.1.123.456; theme=%7B%22dark%22%3Atrue%7D; empty=',
};
const FETCHED = { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' };
const UNDICI = { 'user-agent': 'node', 'accept-language': '*', 'sec-fetch-mode': 'cors', 'accept-encoding': 'gzip, deflate' };

/** The clients; `origin` is that of the server, for clients that run in its pages. */
export const clients = (origin) => [
  { name: 'none', headers: {} },
  {
    name: 'curl',
    headers: { 'user-agent': 'curl/7.88.1' },
    accept: { post: ['*/*', JSON_TYPE], get: ['*/*', JSON_TYPE] },
  },
  {
    name: 'curl --http2 --compressed',
    headers: { 'user-agent': 'curl/7.88.1', 'accept-encoding': 'deflate, gzip, br, zstd' },
    http: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA' },
    accept: { post: ['*/*', JSON_TYPE], get: ['*/*', JSON_TYPE] },
  },
  {
    name: 'Apollo Client in Chrome',
    headers: { ...CHROME, origin, referer: `${origin}/`, 'apollographql-client-name': 'web', 'apollographql-client-version': '1.0' },
    http: { ...FETCHED, dnt: '1', 'cache-control': 'no-cache', pragma: 'no-cache' },
    accept: { post: ['application/graphql-response+json,application/json;q=0.9', RESPONSE], get: ['application/graphql-response+json,application/json;q=0.9', RESPONSE] },
  },
  {
    name: 'Apollo Client in Chrome, with @defer',
    headers: { ...CHROME, origin },
    http: FETCHED,
    accept: { post: ['multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9', RESPONSE] },
  },
  {
    name: 'urql in Firefox',
    headers: {
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
      'accept-language': 'en-US,en;q=0.5',
      'accept-encoding': 'gzip, deflate, br, zstd',
      origin,
    },
    http: { ...FETCHED, referer: `${origin}/`, priority: 'u=4', te: 'trailers' },
    accept: {
      post: ['application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed', RESPONSE],
      get: ['application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed', RESPONSE],
    },
  },
  {
    name: 'a subscription of urql in Node',
    headers: UNDICI,
    accept: { post: ['text/event-stream, multipart/mixed', EVENTS] },
  },
  {
    name: 'Relay in Safari',
    headers: {
      'user-agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
      'accept-language': 'en-GB,en;q=0.9',
      'accept-encoding': 'gzip, deflate, br',
      origin,
    },
    http: { ...FETCHED, referer: `${origin}/`, priority: 'u=3, i' },
    accept: { post: ['application/json', JSON_TYPE] },
  },
  {
    name: 'graphql-request in Node',
    headers: UNDICI,
    accept: { post: ['application/graphql-response+json; charset=utf-8, application/json; charset=utf-8', RESPONSE], get: ['application/graphql-response+json; charset=utf-8, application/json; charset=utf-8', RESPONSE] },
  },
  {
    name: 'graphql-sse in Node',
    headers: UNDICI,
    http: { 'content-type': 'application/json; charset=utf-8' },
    accept: { post: ['text/event-stream', EVENTS] },
  },
  {
    // apollo-kotlin's DefaultHttpRequestComposer over OkHttp.
    name: 'Apollo Kotlin',
    headers: { 'user-agent': 'okhttp/4.12.0', 'accept-encoding': 'gzip' },
    http: { connection: 'Keep-Alive', 'content-type': 'application/json', 'apollo-require-preflight': 'true' },
    accept: {
      post: ['multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json', RESPONSE],
      get: ['multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json', RESPONSE],
    },
  },
  {
    name: 'Apollo Kotlin 3',
    headers: { 'user-agent': 'okhttp/4.9.3', 'accept-encoding': 'gzip' },
    http: {
      connection: 'Keep-Alive',
      'x-apollo-operation-id': '9d4e8b4e4b4f8b5c0d5cf1bd1e0b1f4f0b4fdd7f1a1ee6d0d2d6f3e5c4b3a291',
      'x-apollo-operation-name': 'Instruments',
    },
    accept: {
      post: ['multipart/mixed; deferSpec=20220824, application/json', JSON_TYPE],
      get: ['multipart/mixed; deferSpec=20220824, application/json', JSON_TYPE],
    },
  },
  {
    name: 'a subscription of Apollo Kotlin',
    headers: { 'user-agent': 'okhttp/4.12.0', 'accept-encoding': 'gzip' },
    accept: { post: ['multipart/mixed;subscriptionSpec=1.0, application/graphql-response+json, application/json', RESPONSE] },
  },
  {
    // apollo-ios' JSONRequest over URLSession.
    name: 'Apollo iOS',
    headers: {
      'user-agent': 'App/1 CFNetwork/3826.500.131 Darwin/24.5.0',
      'accept-language': 'fr-FR,fr;q=0.9',
      'accept-encoding': 'gzip, deflate, br',
      'apollographql-client-name': 'org.example.app-apollo-ios',
      'apollographql-client-version': '1.2-3',
    },
    http: { connection: 'keep-alive', 'x-apollo-operation-type': 'query', 'x-apollo-operation-name': 'Instruments', priority: 'u=3, i' },
    accept: {
      post: ['multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json', RESPONSE],
      get: ['multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json', RESPONSE],
    },
  },
  {
    name: "Java's HttpClient",
    headers: { 'user-agent': 'Java-http-client/17.0.15' },
    http: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA' },
    // It sends `Accept` only if the program sets it.
    accept: { post: [undefined, JSON_TYPE], get: [undefined, JSON_TYPE] },
  },
  {
    name: "Python's gql over requests",
    headers: { 'user-agent': 'python-requests/2.34.2', 'accept-encoding': 'gzip, deflate' },
    http: { connection: 'keep-alive' },
    accept: { post: ['*/*', JSON_TYPE], get: ['*/*', JSON_TYPE] },
  },
  {
    name: 'net/http of Go',
    headers: { 'user-agent': 'Go-http-client/1.1', 'accept-encoding': 'gzip' },
    http: { 'content-type': 'application/json; charset=utf-8' },
    accept: { post: ['application/json; charset=utf-8', JSON_TYPE] },
  },
  {
    name: 'Postman',
    headers: { 'user-agent': 'PostmanRuntime/7.49.0', 'accept-encoding': 'gzip, deflate, br', 'postman-token': '1b9e6bcb-7b2d-4b7e-8b1a-9a2d9f0f5e21' },
    http: { connection: 'keep-alive', 'cache-control': 'no-cache' },
    accept: { post: ['*/*', JSON_TYPE] },
  },
  {
    name: 'nginx in front of Chrome',
    headers: {
      ...CHROME,
      origin,
      'x-real-ip': '203.0.113.7',
      'x-forwarded-for': '203.0.113.7, 198.51.100.2',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'graph.example.org',
      forwarded: 'for=203.0.113.7;proto=https',
      via: '1.1 proxy',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
    http: { ...FETCHED, connection: 'close' },
    accept: { post: ['application/graphql-response+json, application/json', RESPONSE] },
  },
];
