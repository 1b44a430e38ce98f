"""What one process tells another: channel layers, and listening to them."""
