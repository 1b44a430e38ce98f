// --8<-- [start:client]
import { createClient } from "graphql-sse";

export const client = createClient({ url: "/graphql" });
// --8<-- [end:client]

// --8<-- [start:use]
export async function query(document, variables) {
  for await (const { data, errors } of client.iterate({ query: document, variables })) {
    if (errors) throw errors;
    return data;
  }
}

export const mutate = query;

export function listen(document, variables, { next, error, complete }) {
  return client.subscribe(
    { query: document, variables },
    { next: ({ data, errors }) => (errors ? error(errors) : next(data)), error, complete },
  );
}
// --8<-- [end:use]
