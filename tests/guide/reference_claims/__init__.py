"""What the reference says, claim by claim; a package so that its servers end with its tests."""
