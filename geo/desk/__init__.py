"""What people at the console see in tables: rows they may know of, and acts on several at once."""
