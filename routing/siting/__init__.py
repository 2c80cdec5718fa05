"""Where the next spaces should stand, by flows and a daily reach: exact siting models."""
