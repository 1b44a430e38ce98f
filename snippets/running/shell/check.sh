python manage.py check --deploy --fail-level WARNING
