"""Examples in the description of the API. A test holds them to the models."""

from __future__ import annotations

from typing import Any

WHEN = "2026-11-24T08:00:00Z"
ITEM_ID = "itm-5c1f0e9d7a2b4c6d8e0f1a2b"
USER_ID = "usr-5c1f0e9d7a2b4c6d8e0f1a2b"
QUOTE = "Araghchi mendarat di Moskow sejak Minggu malam"
REFUSED: dict[str, Any] = {"item_id": ITEM_ID, "error": "Held", "detail": "somebody else holds this item"}
TOKEN: dict[str, Any] = {
    "id": "tok-5c1f0e9d7a2b4c6d8e0f1a2b",
    "name": "nightly export",
    "scopes": ["read"],
    "created_at": WHEN,
    "expires_at": "2027-02-22T08:00:00Z",
    "used_at": None,
}
ITEM: dict[str, Any] = {
    "id": ITEM_ID,
    "check_id": "chk-5c1f0e9d7a2b4c6d8e0f1a2b",
    "article_id": "art-5c1f0e9d7a2b4c6d8e0f1a2b",
    "text": "Abbas Araghchi mendarat di Moskow sejak Minggu malam.",
    "quote": QUOTE,
    "start": 120,
    "end": 120 + len(QUOTE),
    "language": "id",
    "state": "decided",
    "version": 3,
    "holder_id": None,
    "holder_name": "",
    "lease_until": None,
    "decider_id": USER_ID,
    "published_before": False,
    "merged_into": None,
    "disputed": False,
    "recheck": False,
    "checkworthiness": 0.72,
    "uncertainty": 0.18,
    "deadline": None,
    "need": 2.34,
    "machine_label": "supported",
    "created_at": WHEN,
    "updated_at": WHEN,
}
CITATION: dict[str, Any] = {
    "source_id": "kabar-2025-06-23",
    "passage_id": "p-75aea6b76be8f2534a6e",
    "url": "https://example.org/kabar",
    "publisher": "Kabar",
    "published_at": "2025-06-23",
    "quote": QUOTE,
    "start": 0,
    "end": len(QUOTE),
    "stance": "supports",
    "score": 0.82,
    "origin": "o-3513e4c20cb037e8",
    "counted": True,
    "notes": [],
}
VERDICT: dict[str, Any] = {
    "id": "ver-5c1f0e9d7a2b4c6d8e0f1a2b",
    "label": "supported",
    "reason": "corroborated",
    "content_label": "supported",
    "confidence": 0.82,
    "origins": 2,
    "judge": "embedded",
    "disputed": False,
    "citations": [CITATION],
    "notes": [],
    "as_of": "2025-06-24T16:59:59+00:00",
    "created_at": WHEN,
}
DECISION: dict[str, Any] = {
    "id": "dec-5c1f0e9d7a2b4c6d8e0f1a2b",
    "user_id": USER_ID,
    "user_name": "Rina",
    "kind": "first",
    "label": "supported",
    "rating": None,
    "reason": "Two outlets reported the landing themselves.",
    "blind": True,
    "created_at": WHEN,
}
EVENT: dict[str, Any] = {
    "id": 17,
    "action": "decide",
    "user_name": "Rina",
    "from_state": "claimed",
    "to_state": "decided",
    "refused": None,
    "detail": {"label": "supported", "reason": "Two outlets reported the landing themselves."},
    "at": WHEN,
}
DETAIL: dict[str, Any] = {
    "claim": {"id": "clm-1", "kind": "fact", "context": "", "attribution": None},
    "verdicts": [VERDICT],
    "decisions": [DECISION],
    "events": [EVENT],
    "alike": [],
    "possible": ["take_second", "return", "comment"],
}
ARTICLE: dict[str, Any] = {
    "id": "art-5c1f0e9d7a2b4c6d8e0f1a2b",
    "url": "https://example.org/artikel",
    "title": "Araghchi di Moskow",
    "publisher": "Kabar",
    "published_at": "2025-06-26",
    "language": "id",
    "text": "Abbas Araghchi mendarat di Moskow sejak Minggu malam. …",
}
