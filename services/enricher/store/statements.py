"""Small statements of the linker, and what names a state of an event."""

from sqlalchemy import text

STAMP = "id || '/' || xmin::text || '/' || revision"  # of one state of one row, also across rolled back transactions

ARTICLES = text("""
    SELECT told.id, articles.id IS NOT NULL AS on_file, coalesce(graded, reliability, 'F') AS reliability
    FROM unnest(CAST(:ids AS uuid[]), CAST(:tellers AS text[])) AS told (id, teller)
    LEFT JOIN articles ON articles.id = told.id LEFT JOIN source_records ON source_records.source = teller
""")
LINKS = text("""
    SELECT reports.id, frame_index, event_id, fetched_at > :fetched_at
        OR (version, extraction ->> 'extractor') = (:version, :extractor) AS known
    FROM articles LEFT JOIN reports ON reports.article_id = articles.id WHERE articles.id = :article
""")
UNLINK = text("DELETE FROM reports WHERE article_id = :article")
RELATIONS = text("""
    SELECT a AS event, b AS other, relation FROM related_events WHERE a = ANY(:ids)
    UNION ALL SELECT b, a, relation FROM related_events WHERE b = ANY(:ids) ORDER BY event, other
""")
