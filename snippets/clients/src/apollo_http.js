// --8<-- [start:client]
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { RetryLink } from "@apollo/client/link/retry";

const retry = new RetryLink({
  delay: { max: 3000 },
  attempts: {
    max: Infinity,
    retryIf: (error, { operationType }) => operationType === "subscription" && !error.statusCode,
  },
});

export const client = new ApolloClient({
  link: ApolloLink.from([retry, new HttpLink({ uri: "/graphql" })]),
  cache: new InMemoryCache(),
});
// --8<-- [end:client]

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
