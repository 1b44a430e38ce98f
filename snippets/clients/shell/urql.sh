npm install @urql/core graphql graphql-ws
