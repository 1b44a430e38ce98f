import { createClient } from "graphql-ws";

const address = new URL("/graphql", location.href);
address.protocol = address.protocol.replace("http", "ws");

const client = createClient({
  url: address.href,
  retryAttempts: Infinity,
  shouldRetry: () => true,
});

const MESSAGE_ADDED = `
  subscription MessageAdded($room: String!) {
    messageAdded(room: $room, last: 50) { id author text sentAt }
  }
`;

export async function listen(room, show) {
  const results = client.iterate({ query: MESSAGE_ADDED, variables: { room } });
  for await (const { data, errors } of results) {
    if (errors) throw new Error(errors[0].message);
    show(data.messageAdded);
  }
}
