// How the explorer talks to the endpoint whose page it is: HTTP POST, and a WebSocket on the same URL.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

const url = window.location.origin + window.location.pathname;
const webSocketUrl = url.replace(/^http/, "ws");

// A refused request may be answered with text or a page; GraphiQL would report broken JSON.
async function fetchResult(input, init) {
  const response = await fetch(input, init);
  const type = response.headers.get("content-type") ?? "";
  if (/json|multipart/.test(type)) {
    return response;
  }
  const detail = type.startsWith("text/plain") ? `: ${(await response.text()).trim()}` : "";
  const message = `The server answered ${response.status} ${response.statusText}${detail}`;
  return Response.json({ errors: [{ message }] });
}

// The client connects when an operation is subscribed to and closes after the last one, so one
// for each operation costs nothing and carries that operation's headers as connection_params.
export function fetcher(parameters, options) {
  const wsClient = createClient({
    url: webSocketUrl,
    connectionParams: options?.headers,
    retryAttempts: 2,
  });
  return createGraphiQLFetcher({ url, fetch: fetchResult, wsClient })(parameters, options);
}
