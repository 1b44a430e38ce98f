# --8<-- [start:first]
export DJANGO_SETTINGS_MODULE=myproject.settings_redis
daphne --port 8001 myproject.asgi:application
# --8<-- [end:first]
# --8<-- [start:second]
export DJANGO_SETTINGS_MODULE=myproject.settings_redis
daphne --port 8002 myproject.asgi:application
# --8<-- [end:second]
