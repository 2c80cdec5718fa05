"""Safety texts in other languages: who reviews them, what is wrong with a wording, who agrees."""
