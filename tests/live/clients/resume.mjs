// `node resume.mjs URL NAME CLIENTS EVENTS`: stock graphql-ws clients, half of which share their
// execution. Each has its package's defaults, but that it connects again after a handshake that has
// failed, as the guide says (by default that is the end of it). They end when each has received
// every number, and print what each has received, in order: the number, its position, the
// milliseconds, and the connection.

import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, name, clients, events] = process.argv.slice(2);

function listen(index) {
  const field = index % 2 ? "sharedNumber" : "number";
  const client = createClient({ url, webSocketImpl: WebSocket, shouldRetry: () => true });
  let connection = 0;
  client.on("connected", () => {
    connection += 1;
  });
  const received = [];
  const seen = new Set();
  return new Promise((resolve) => {
    const end = (error) => {
      resolve({ field, received, error });
      client.dispose();
    };
    const query = `subscription ($name: String!) { ${field}(name: $name) }`;
    client.subscribe(
      { query, variables: { name } },
      {
        next({ data, extensions }) {
          const number = data[field];
          if (number === -1) {
            process.stdout.write(`${JSON.stringify(index)}\n`);
            return;
          }
          received.push([number, extensions?.position ?? null, performance.now(), connection]);
          seen.add(number);
          if (seen.size === Number(events)) end(null);
        },
        error(error) {
          end(Array.isArray(error) ? error : String(error.reason ?? error.message ?? error));
        },
        complete() {
          end("complete");
        },
      },
    );
  });
}

const all = await Promise.all(Array.from({ length: Number(clients) }, (_, index) => listen(index)));
process.stdout.write(`${JSON.stringify(all)}\n`, () => process.exit(0));
