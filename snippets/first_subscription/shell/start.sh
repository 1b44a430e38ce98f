# --8<-- [start:environment]
mkdir chatting
cd chatting
python -m venv .venv
. .venv/bin/activate
# --8<-- [end:environment]
# --8<-- [start:project]
django-admin startproject myproject .
# --8<-- [end:project]
