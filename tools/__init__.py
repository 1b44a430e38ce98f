"""What builds, records and checks the guide; the library never imports any of it."""
