daphne myproject.asgi:application --bind 0.0.0.0 --port 8000 --websocket-max-message-size 16777216 --websocket-max-frame-size 16777216
