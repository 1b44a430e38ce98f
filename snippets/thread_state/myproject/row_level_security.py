from contextlib import contextmanager

from django.db import connection


@contextmanager
def enter_user(request):
    user = vars(request).get("user")  # not there yet while the session itself is read
    user_id = str(getattr(user, "pk", ""))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.user_id', %s, false)", [user_id])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET app.user_id")
