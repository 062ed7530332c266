"""Sites of several PBXs."""
