# --8<-- [start:install]
python -m pip install strawberry-django-channels channels daphne
# --8<-- [end:install]
# --8<-- [start:redis]
python -m pip install channels-redis
# --8<-- [end:redis]
