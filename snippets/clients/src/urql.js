// --8<-- [start:client]
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { client as socket } from "./graphql_ws.js";

export const client = new Client({
  url: "/graphql",
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }),
      }),
    }),
  ],
});
// --8<-- [end:client]

// --8<-- [start:use]
export async function query(document, variables) {
  const { data, error } = await client.query(document, variables);
  if (error) throw error;
  return data;
}

export async function mutate(document, variables) {
  const { data, error } = await client.mutation(document, variables);
  if (error) throw error;
  return data;
}

export function listen(document, variables, { next, error, complete }) {
  const results = client.subscription(document, variables);
  const { unsubscribe } = results.subscribe(({ data, error: failure, hasNext }) => {
    if (failure) error(failure);
    else if (hasNext) next(data);
    else complete();
  });
  return unsubscribe;
}
// --8<-- [end:use]
