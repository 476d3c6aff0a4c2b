"""The judge as a torch module: the bilingual encoder, and a head over what it makes of premise and claim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

LABELS = ("supports", "refutes", "neutral")


class JudgeModel(nn.Module):
    """A BERT cross-encoder.

    The head sees the first token, the mean state of the premise's tokens, that of the claim's, and the absolute
    difference of the two means: the encoder comes from mean-pooled sentence embeddings, so the means carry meaning
    from the first step, which the first token only learns.
    """

    def __init__(self, encoder: nn.Module, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.dense = nn.Linear(4 * hidden, hidden)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(hidden, len(LABELS))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Logits, (batch, 3), in the order of `LABELS`; `token_type_ids` is 0 on the premise and 1 on the claim."""
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state.float()
        second = token_type_ids.to(states.dtype).unsqueeze(-1)
        first = attention_mask.to(states.dtype).unsqueeze(-1) - second
        premise = (states * first).sum(1) / first.sum(1).clamp(min=1)
        claim = (states * second).sum(1) / second.sum(1).clamp(min=1)
        features = torch.cat([states[:, 0], premise, claim, (premise - claim).abs()], dim=-1)
        return self.out(self.drop(torch.nn.functional.gelu(self.dense(features))))

    @classmethod
    def start(cls, folder: Path) -> JudgeModel:
        """A judge with a fresh head over the encoder in a Hugging Face folder.

        Attention is computed in the open ("eager") and without dropout: on a CPU the backward pass of torch's fused
        attention took a third of the step.
        """
        from transformers import AutoConfig, AutoModel

        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        config.attention_probs_dropout_prob = config.hidden_dropout_prob = 0.0
        encoder = AutoModel.from_pretrained(
            folder, config=config, local_files_only=True, attn_implementation="eager", add_pooling_layer=False
        )
        return cls(encoder, config.hidden_size)


def load_tokenizer(folder: Path, max_length: int) -> Tokenizer:
    """The folder's tokenizer, without padding, cutting the longer of the two to `max_length` tokens a pair."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length, strategy="longest_first")
    return tokenizer


def collate(encodings: Sequence[tuple[Sequence[int], Sequence[int]]]) -> tuple[Tensor, Tensor, Tensor]:
    """Pads (ids, type ids) pairs to the longest: input ids, attention mask, token types."""
    longest = max(len(ids) for ids, _ in encodings)
    input_ids = torch.zeros(len(encodings), longest, dtype=torch.long)
    mask = torch.zeros_like(input_ids)
    types = torch.zeros_like(input_ids)
    for i, (ids, kinds) in enumerate(encodings):
        input_ids[i, : len(ids)] = torch.as_tensor(ids, dtype=torch.long)
        types[i, : len(ids)] = torch.as_tensor(kinds, dtype=torch.long)
        mask[i, : len(ids)] = 1
    return input_ids, mask, types
