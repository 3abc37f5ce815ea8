"""Each file answers one question, such as "are the legs cold?", with a verdict."""
