"""The review desk: safety texts in other languages, published by two people who read them."""
