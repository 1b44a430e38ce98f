python -m pip install uvicorn websockets
