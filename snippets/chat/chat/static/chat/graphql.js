// A small client for GraphQL over HTTP and over the graphql-transport-ws subprotocol.

const FIRST_WAIT = 500; // milliseconds before the first new try, doubled for each further one
const LONGEST_WAIT = 30_000;
const TRY_AGAIN = new Set([4408]); // of the codes 4400 to 4499, the ones that may pass

export async function request(url, query, variables) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

export class Socket {
  #operations = new Map();
  #lastId = 0;
  #ready = false;
  #tries = 0;

  constructor(url, onStatus) {
    this.url = url;
    this.onStatus = onStatus;
    this.#connect();
  }

  subscribe(query, variables, { next, error }) {
    const id = String(++this.#lastId);
    this.#operations.set(id, { payload: { query, variables }, next, error });
    if (this.#ready) this.#send({ id, type: "subscribe", payload: { query, variables } });
    return () => {
      if (this.#operations.delete(id) && this.#ready) this.#send({ id, type: "complete" });
    };
  }

  #connect() {
    this.onStatus("connecting");
    this.socket = new WebSocket(this.url, "graphql-transport-ws");
    this.socket.onopen = () => this.#send({ type: "connection_init" });
    this.socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.socket.onclose = ({ code }) => this.#closed(code);
  }

  #send(message) {
    this.socket.send(JSON.stringify(message));
  }

  #receive({ id, type, payload }) {
    const operation = this.#operations.get(id);
    if (type === "connection_ack") {
      this.#ready = true;
      this.#tries = 0;
      this.onStatus("live");
      for (const [id, { payload }] of this.#operations) this.#send({ id, type: "subscribe", payload });
    } else if (type === "ping") {
      this.#send({ type: "pong", payload });
    } else if (type === "next") {
      if (payload.errors) operation?.error(payload.errors);
      else operation?.next(payload.data);
    } else if (type === "error") {
      this.#operations.delete(id);
      operation?.error(payload);
    } else if (type === "complete") {
      this.#operations.delete(id);
    }
  }

  #closed(code) {
    this.#ready = false;
    if (code >= 4400 && code <= 4499 && !TRY_AGAIN.has(code)) return this.onStatus("refused");
    const wait = Math.min(FIRST_WAIT * 2 ** this.#tries++, LONGEST_WAIT);
    this.onStatus("waiting");
    setTimeout(() => this.#connect(), wait * (0.5 + Math.random() / 2));
  }
}
