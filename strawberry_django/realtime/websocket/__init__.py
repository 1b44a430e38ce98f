"""GraphQL over WebSocket: the consumer of a socket, and its subprotocols."""
