// Runs the clients of snippets/clients/src as a page would: one command a line on standard
// input, one event a line on standard output.
//
// What a browser gives a page and Node does not is given here: the address of the page, its
// cookies, and an Origin header with every request and every WebSocket. Its clock may run faster.

import { createInterface } from "node:readline";
import { WebSocket as NodeWebSocket } from "ws";

const { SERVER, COOKIE, SPEED } = process.env;
const asBrowser = { Origin: SERVER, Cookie: COOKIE };
const nodeFetch = globalThis.fetch;
let pongs = 0;
let fetched = 0;

globalThis.location = new URL("/", SERVER);
globalThis.WebSocket = class extends NodeWebSocket {
  constructor(url, protocols) {
    // Browsers before 2024 take no other address.
    if (!/^wss?:/.test(url)) throw new SyntaxError(`${url} is no address of a WebSocket`);
    super(url, protocols, { headers: asBrowser });
  }
  send(data, ...rest) {
    if (JSON.parse(data).type === "pong") pongs += 1;
    super.send(data, ...rest);
  }
};
globalThis.fetch = (url, init = {}) => {
  fetched += 1;
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(asBrowser)) headers.set(name, value);
  return nodeFetch(new URL(url, location), { ...init, headers });
};

const nodeSetTimeout = globalThis.setTimeout;
let longest = 0;
globalThis.setTimeout = (act, delay, ...rest) => {
  longest = Math.max(longest, delay);
  return nodeSetTimeout(act, delay / SPEED, ...rest);
};

function tell(id, event, payload = null) {
  process.stdout.write(`${JSON.stringify({ id, event, payload })}\n`);
}

// What a page could show of an error, whatever the client makes of it.
function described(error) {
  if (Array.isArray(error)) return { messages: error.map(({ message }) => message) };
  const { name, message, code, reason, networkError, response } = error;
  const inner = error.graphQLErrors ?? error.errors ?? [];
  const status = response?.status ?? error.statusCode;
  const messages = [message, networkError?.message, ...inner.map((one) => one.message)];
  return { name, code, reason, status, messages: messages.filter(Boolean) };
}

const stops = {};
const actions = {
  async query({ id, module, document, variables }) {
    tell(id, "data", await module.query(document, variables));
  },
  async mutate({ id, module, document, variables }) {
    tell(id, "data", await module.mutate(document, variables));
  },
  async listen({ id, module, document, variables }) {
    stops[id] = module.listen(document, variables, {
      next: (data) => tell(id, "data", data),
      error: (error) => tell(id, "error", described(error)),
      complete: () => tell(id, "complete"),
    });
  },
  async stop({ id, of }) {
    stops[of]();
    tell(id, "data");
  },
  async pongs({ id }) {
    tell(id, "data", pongs);
  },
  async fetched({ id }) {
    tell(id, "data", fetched);
  },
  async longest({ id }) {
    tell(id, "data", longest);
  },
};

process.on("unhandledRejection", (error) => tell(null, "unhandled", described(error)));
for await (const line of createInterface({ input: process.stdin })) {
  const { id, action, client, ...given } = JSON.parse(line);
  try {
    const module = client && (await import(client));
    actions[action]({ id, module, ...given }).catch((error) => tell(id, "error", described(error)));
  } catch (error) {
    tell(id, "error", described(error));
  }
}
process.exit(0);
