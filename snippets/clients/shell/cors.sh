python -m pip install django-cors-headers
