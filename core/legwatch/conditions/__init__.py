"""One question a file, such as "is the leg cold?", each answered by a verdict."""
