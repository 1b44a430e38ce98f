npm install graphql-ws graphql
