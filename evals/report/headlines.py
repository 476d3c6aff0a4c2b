"""Which numbers of a task come first, and what each means in a few words."""

from __future__ import annotations

from collections.abc import Mapping

CHIEF: Mapping[str, str] = {
    "stance": "macro_f1",
    "verdict": "end_to_end",
    "claims": "f1",
    "attribution": "speaker",
    "checkworthiness": "auroc",
    "citation": "carries",
    "retrieval": "ndcg@10",
    "chat": "right",
}
"""The one number that slices and baselines are drawn by."""

HEADLINES: Mapping[str, tuple[str, ...]] = {
    "stance": ("macro_f1", "accuracy", "balanced_accuracy", "auroc", "ece", "twins_right"),
    "verdict": (
        "end_to_end",
        "claim_recall",
        "claim_precision",
        "accuracy_matched",
        "macro_f1_matched",
        "citation_valid",
    ),
    "claims": ("f1", "precision", "recall", "overlap", "kind_accuracy", "uncheckable_taken"),
    "attribution": ("speaker", "speaker_named", "outlet", "end_to_end"),
    "checkworthiness": ("auroc", "average_precision", "balanced_accuracy", "f1"),
    "retrieval": ("ndcg@10", "recall@1", "recall@5", "mrr"),
    "chat": ("right", "turns_right", "verdicts_equal", "first_s_p95", "seconds_p95"),
    "citation": ("quote_exists", "carries", "cites_deciding_card", "from_deciding_card"),
    "cost": (
        "claims",
        "calls_per_claim",
        "prompt_tokens_per_claim",
        "completion_tokens_per_claim",
        "seconds_per_claim",
        "p50",
        "p95",
        "peak_rss_mb",
    ),
}
EXPLAINED: Mapping[str, str] = {
    "macro_f1": "mean F1 of the labels",
    "accuracy": "share of right labels",
    "balanced_accuracy": "supports against the rest, both weighing the same",
    "auroc": "chance that a supporting pair scores above another",
    "ece": "gap between confidence and accuracy (lower is better)",
    "twins_right": "twins that differ in one point, all judged rightly",
    "end_to_end": "claims found and labelled right",
    "claim_recall": "gold claims that were found",
    "claim_precision": "found claims that are gold claims",
    "accuracy_matched": "right labels of found claims",
    "macro_f1_matched": "mean F1 of the labels of found claims",
    "citation_valid": "verdicts that stand on quotes which exist and point their way",
    "f1": "harmonic mean of precision and recall",
    "precision": "found claims that are gold claims",
    "recall": "gold claims that were found",
    "overlap": "characters shared by a claim and its gold span",
    "kind_accuracy": "reported speech told from plain fact",
    "uncheckable_taken": "opinions and boilerplate taken for claims (lower is better)",
    "speaker": "right speaker, or rightly nobody",
    "speaker_named": "right speaker where one is named",
    "outlet": "right outlet where one is credited",
    "average_precision": "quality of the ranking",
    "quote_exists": "cited quotes that stand in their source to the letter",
    "carries": "verdicts that their citations carry",
    "cites_deciding_card": "right verdicts that cite a card which decides",
    "from_deciding_card": "citations of right verdicts from such a card (lower bound)",
    "right": "turns answered as the script says",
    "turns_right": "how many turns that is",
    "verdicts_equal": "verdicts that equal those of the same claim checked by itself",
    "first_s_p95": "seconds to the first words, 95th percentile (lower is better)",
    "seconds_p95": "seconds to the whole answer, 95th percentile (lower is better)",
    "ndcg@10": "quality of the first ten",
}
