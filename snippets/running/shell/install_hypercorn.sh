python -m pip install hypercorn
