// The anchors of the field, on one Node process: bare `ws`, or graphql-ws on it.
// `node server.mjs ws|graphql PORT` serves WebSocket, and `POST /publish/` with a number of events.
import { createServer } from "node:http";
import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

const [program, port] = process.argv.slice(2);
const item = (listen) => ({
  id: 1,
  text: "Hello there, this is a message",
  author: "ada",
  room: "lobby",
  likes: 3,
  listen,
});

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const now = String(process.hrtime.bigint());
    for (let number = 0; number < Number(body); number++) publish(item(String(number)));
    response.end(now);
  });
});
const sockets = new WebSocketServer({ server, path: "/graphql" });
const publish = program === "ws" ? bare() : graphql();

function bare() {
  const listening = new Map();
  sockets.on("connection", (socket) => {
    socket.on("message", (data) => {
      const { type, id } = JSON.parse(data);
      if (type === "connection_init") socket.send('{"type":"connection_ack"}');
      else if (type === "subscribe") listening.set(socket, id);
    });
    socket.on("close", () => listening.delete(socket));
  });
  return (event) => {
    for (const [socket, id] of listening)
      socket.send(JSON.stringify({ id, type: "next", payload: { data: { item: event } } }));
  };
}

function graphql() {
  const listeners = new Set();
  const schema = buildSchema(`
    type Item { id: Int! text: String! author: String! room: String! likes: Int! listen: String! }
    type Query { ping: String! }
    type Subscription { item: Item! }
  `);
  schema.getSubscriptionType().getFields().item.subscribe = () => {
    const events = [];
    let waiting = null;
    const listener = (value) => {
      if (waiting) waiting({ value, done: false });
      else events.push(value);
      waiting = null;
    };
    listeners.add(listener);
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () =>
        events.length
          ? Promise.resolve({ value: events.shift(), done: false })
          : new Promise((resolve) => (waiting = resolve)),
      return: () => {
        listeners.delete(listener);
        waiting?.({ value: undefined, done: true });
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  };
  useServer({ schema }, sockets);
  return (event) => {
    for (const listener of listeners) listener({ item: event });
  };
}

server.listen(Number(port), "127.0.0.1");
