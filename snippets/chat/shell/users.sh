python manage.py shell -c "
from django.contrib.auth.models import User
User.objects.create_superuser('ada', password='analytical-engine')
User.objects.create_user('grace', password='compiler-of-1952')
"
