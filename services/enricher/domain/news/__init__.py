"""Is it news of an attack? The gate, the cues, and the kind of the article."""
