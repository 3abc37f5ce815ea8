"""Made nights: plausible recordings with the truth beside them."""
