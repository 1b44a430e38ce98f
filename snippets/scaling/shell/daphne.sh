# --8<-- [start:first]
daphne myproject.asgi:application --bind 127.0.0.1 --port 8001 --websocket-max-message-size 16777216 --websocket-max-frame-size 16777216
# --8<-- [end:first]
# --8<-- [start:second]
daphne myproject.asgi:application --bind 127.0.0.1 --port 8002 --websocket-max-message-size 16777216 --websocket-max-frame-size 16777216
# --8<-- [end:second]
