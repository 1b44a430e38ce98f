python -m pip install pytest pytest-django pytest-asyncio
