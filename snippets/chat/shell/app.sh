python manage.py startapp chat
