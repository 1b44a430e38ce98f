python -m pip install "uvicorn[standard]" "strawberry-django-channels[redis,fast]"
