uvicorn --timeout-graceful-shutdown 5 myproject.asgi:application
