"""What a bed's own nights say of its limits: shown and proposed, never changed."""
