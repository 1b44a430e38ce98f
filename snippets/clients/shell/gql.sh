python -m pip install "gql[httpx,websockets]"
