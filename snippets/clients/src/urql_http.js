// --8<-- [start:client]
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { retryExchange } from "@urql/exchange-retry";

const retry = retryExchange({
  maxNumberAttempts: Infinity,
  retryIf: ({ networkError }, { kind }) => kind === "subscription" && Boolean(networkError),
});

export const client = new Client({
  url: "/graphql",
  exchanges: [cacheExchange, retry, fetchExchange],
  fetchSubscriptions: true,
});
// --8<-- [end:client]

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
