"""A page's bytes become an article: text, title, time, author, language, fingerprint, wire credit. Stateless."""
