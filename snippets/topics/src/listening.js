import { createClient } from "graphql-ws";

const address = new URL("/graphql", location.href);
address.protocol = address.protocol.replace("http", "ws");

let lastId = 0;
const whenListening = new Map();

const client = createClient({
  url: address.href,
  generateID: () => String(++lastId),
  on: {
    ping: (received, payload) => whenListening.get(payload?.subscribed)?.(),
  },
});

export function listen(query, variables, sink, listening) {
  const payload = { query, variables, extensions: { confirm: true } };
  const stop = client.subscribe(payload, sink);
  whenListening.set(String(lastId), listening);
  return stop;
}
