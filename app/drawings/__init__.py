"""What the server draws: pictograms and what each stands for, the small map of a space."""
