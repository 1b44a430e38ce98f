"""GraphQL over HTTP: the endpoint, its explorer, and answers that are streamed."""
