"""One file a screen: read the state, call diagnostic/, draw with views/."""
