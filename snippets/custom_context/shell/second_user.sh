DJANGO_SUPERUSER_PASSWORD=compiler-of-1952 python manage.py createsuperuser \
  --noinput --username grace --email grace@example.com
