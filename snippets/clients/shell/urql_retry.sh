npm install @urql/exchange-retry
