npm install @apollo/client graphql rxjs graphql-ws
