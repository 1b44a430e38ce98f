# --8<-- [start:install]
uv add strawberry-django-channels channels daphne
# --8<-- [end:install]
# --8<-- [start:redis]
uv add channels-redis
# --8<-- [end:redis]
