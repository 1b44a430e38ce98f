python manage.py shell -c "
User.objects.create_superuser('ada', password='analytical-engine')
User.objects.create_user('grace', password='compiler-of-1952')
"
