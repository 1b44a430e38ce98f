daphne myproject.asgi:application --bind 0.0.0.0 --port 8000
