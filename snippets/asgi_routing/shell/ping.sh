curl http://127.0.0.1:8000/graphql \
  --header 'Content-Type: application/json' \
  --data '{"query": "{ ping }"}'
