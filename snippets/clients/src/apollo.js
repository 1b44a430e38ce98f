// --8<-- [start:client]
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { client as socket } from "./graphql_ws.js";

const link = ApolloLink.split(
  ({ operationType }) => operationType === "subscription",
  new GraphQLWsLink(socket),
  new HttpLink({ uri: "/graphql" }),
);

export const client = new ApolloClient({ link, cache: new InMemoryCache() });
// --8<-- [end:client]

// --8<-- [start:use]
export async function query(document, variables) {
  const { data } = await client.query({ query: gql(document), variables });
  return data;
}

export async function mutate(document, variables) {
  const { data } = await client.mutate({ mutation: gql(document), variables });
  return data;
}

export function listen(document, variables, { next, error, complete }) {
  const results = client.subscribe({ query: gql(document), variables });
  const subscription = results.subscribe({
    next: ({ data, error: failure }) => (failure ? error(failure) : next(data)),
    complete,
  });
  return () => subscription.unsubscribe();
}
// --8<-- [end:use]
