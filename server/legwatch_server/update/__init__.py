"""An update of an installed legwatch, which goes back by itself if the new version is not well."""
