export DJANGO_SETTINGS_MODULE=myproject.settings_production
export DJANGO_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')"
