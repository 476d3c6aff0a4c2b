"""The evidence store as a LangChain retriever."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from retrieval.types import Hit


class EvidenceRetriever(BaseRetriever):
    """Passages of an evidence store as documents, best first. Hits that cannot count as evidence are left out."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    store: Any
    k: int = 8
    search_options: dict[str, Any] = Field(default_factory=dict)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain hands it in by name
    ) -> list[Document]:
        [hits] = self.store.search([query], k=self.k, **self.search_options)
        return [_document(hit) for hit in hits if hit.excluded is None]


def _document(hit: Hit) -> Document:
    source = hit.source
    return Document(
        id=hit.passage.id,
        page_content=hit.passage.text,
        metadata={
            "source_id": source.id,
            "url": source.url,
            "title": source.title,
            "publisher": source.publisher,
            "publisher_type": source.publisher_type,
            "language": source.language,
            "published_at": source.published_at,
            "start": hit.passage.start,
            "end": hit.passage.end,
            "score": hit.score,
            "origin": hit.origin,
            "undated": hit.undated,
        },
    )
