// GraphiQL for the endpoint whose page this is; everything it loads comes from that endpoint.

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { setNonce } from "get-nonce";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import { fetcher } from "./fetcher.js";
import { createStorage } from "./storage.js";

const DEFAULT_QUERY = `# Queries and mutations are sent over HTTP, subscriptions over a WebSocket.
# What the headers tab holds is sent with them: as HTTP headers, and as the
# connection_params of a subscription.
#
#   Run          Ctrl-Enter
#   Complete     Ctrl-Space
#   Prettify     Shift-Ctrl-P

`;

// The page's Content-Security-Policy lets in only the <style> elements that carry its nonce.
setNonce(document.currentScript.nonce);

const shared = new URLSearchParams(window.location.search);

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL
    fetcher={fetcher}
    storage={createStorage()}
    plugins={[explorerPlugin()]}
    defaultQuery={DEFAULT_QUERY}
    query={shared.get("q") ?? undefined}
    variables={shared.get("variables") ?? undefined}
    defaultEditorToolsVisibility
    inputValueDeprecation
    shouldPersistHeaders={false}
  />,
);
