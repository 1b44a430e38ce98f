npm install graphql-sse graphql
