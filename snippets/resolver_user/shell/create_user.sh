DJANGO_SUPERUSER_PASSWORD=analytical-engine python manage.py createsuperuser \
  --noinput --username ada --email ada@example.com
