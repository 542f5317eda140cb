// WordNet on mercurius: the resolvers that one would write by hand, the data in maps, graphql-jit switched on.
//
//   node server.mjs <folder with nodes.jsonl and edges.jsonl> <port>

import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Fastify from "fastify";
import mercurius from "mercurius";

const [folder, port] = process.argv.slice(2);
const synsets = new Map();
const words = new Map();

async function* lines(name) {
  for await (const line of createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Infinity })) {
    yield JSON.parse(line);
  }
}

for await (const { id, labels, properties } of lines("nodes.jsonl")) {
  const first = (name) => properties[name]?.[0] ?? null;
  if (labels[0] === "Word") words.set(id, { id, lemma: first("lemma"), partOfSpeech: first("partOfSpeech") });
  else {
    synsets.set(id, {
      id, label: first("label"), partOfSpeech: first("partOfSpeech"), category: first("category"), gloss: first("gloss"),
      hypernyms: [], hyponyms: [], words: [],
    });
  }
}
for await (const { from, to, labels } of lines("edges.jsonl")) {
  if (labels[0] === "HYPERNYM") {
    synsets.get(from).hypernyms.push(synsets.get(to));
    synsets.get(to).hyponyms.push(synsets.get(from));
  } else if (labels[0] === "SENSE") synsets.get(to).words.push(words.get(from));
}
const byId = (a, b) => (a.id < b.id ? -1 : 1);
for (const it of synsets.values()) for (const list of [it.hypernyms, it.hyponyms, it.words]) list.sort(byId);
const sorted = [...synsets.values()].sort(byId);

const schema = `
  enum PartOfSpeech { NOUN VERB ADJECTIVE ADJECTIVE_SATELLITE ADVERB }
  type Word { id: ID! lemma: String! partOfSpeech: PartOfSpeech! }
  type WordConnection { nodes: [Word!]! }
  type SynsetConnection { nodes: [Synset!]! }
  type Synset {
    id: ID! label: String! partOfSpeech: PartOfSpeech! category: String gloss: String
    hypernyms(first: Int = 50): SynsetConnection! hyponyms(first: Int = 50): SynsetConnection! words(first: Int = 50): WordConnection!
  }
  input PartOfSpeechFilter { eq: PartOfSpeech }
  input StringFilter { contains: String }
  input SynsetFilter { partOfSpeech: PartOfSpeechFilter gloss: StringFilter }
  type Query { synset(id: ID!): Synset synsets(first: Int = 50, filter: SynsetFilter): SynsetConnection! }
`;
const page = (name) => (parent, { first }) => ({ nodes: parent[name].slice(0, first) });
const resolvers = {
  Query: {
    synset: (_, { id }) => synsets.get(id) ?? null,
    synsets: (_, { first, filter }) => {
      const kind = filter?.partOfSpeech?.eq;
      const part = filter?.gloss?.contains;
      const nodes = [];
      for (const it of sorted) {
        if (nodes.length === first) break;
        if ((!kind || it.partOfSpeech === kind) && (!part || it.gloss?.includes(part))) nodes.push(it);
      }
      return { nodes };
    },
  },
  Synset: { hypernyms: page("hypernyms"), hyponyms: page("hyponyms"), words: page("words") },
};

const app = Fastify();
app.register(mercurius, { schema, resolvers, jit: 1, path: "/graphql" });
console.log(`listening on ${await app.listen({ host: "127.0.0.1", port: Number(port) })}`);
