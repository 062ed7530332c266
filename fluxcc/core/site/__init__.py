"""What makes several PBXs a site: changes go out to the others, and theirs come in."""
