"""Everything that can go wrong in `checker`, as one tree. Imports no sibling.

    CheckerError
    ├── ArticleError            the article handed in cannot be used
    │   ├── ArticleNotFound     no such file
    │   ├── ArticleEmpty        nothing to read in it
    │   ├── ArticleTooLarge     more text than one check takes
    │   ├── ArticleNotText      binary, or in an encoding that cannot be told
    │   └── NoClaims            read, but it makes no checkable claim
    ├── SettingsError           a setting has a value that cannot be used
    ├── UnknownName             no judge, extractor or format of that name (lists those there are)
    ├── StoreEmpty              there is no evidence to check against
    ├── JudgeError              a judge could not hear the evidence
    │   ├── BadReply            a chat model's reply was cut off, refused, empty or not what was asked for
    │   ├── BudgetExhausted     a limit on calls or tokens is reached
    │   ├── DeadlinePassed      the time for the whole check is over
    │   └── CallFailed          a chat model did not answer, after every retry
    ├── ReviewError             the review queue refuses something
    │   ├── NotFound            no item, user or other thing of that id that this user may see
    │   ├── NotAllowed          this user may not do that
    │   ├── WrongState          the item is not in a state from which that can be done
    │   ├── Outdated            the item has changed since it was read (carries its current state)
    │   ├── Held                somebody else holds the item
    │   ├── Incomplete          something that is required is missing or not valid
    │   ├── KeyReused           an idempotency key was used before, with another request
    │   └── LoginFailed         wrong name or password, or too many tries
    ├── WebError                a request is refused at the door, before it reaches the queue
    │   ├── NotSignedIn         nobody is signed in, or the session or token has ended
    │   └── Forged              it lacks the token that only a page of ours could have sent along
    ├── DatabaseUnavailable     the queue's database cannot be opened or is of another version
    ├── ReportUnreadable        a report read back from JSON is not one
    ├── OutputError             the result cannot be written where it was asked for
    ├── BulkError               a bulk run cannot be started, or cannot go on
    └── ModelUnavailable        the chat model cannot be reached or is not configured

Each error's message is one line that says what is wrong and what to do about it. Exit codes and HTTP statuses are
given at the edges (`checker.cli`, `checker.web`), not here.
"""

from __future__ import annotations

from collections.abc import Iterable


class CheckerError(Exception):
    """Base of every error that `checker` raises on purpose."""


class ArticleError(CheckerError):
    """The article handed in cannot be used."""


class ArticleNotFound(ArticleError):
    """No such file."""


class ArticleEmpty(ArticleError):
    """There is nothing to read in the article."""


class ArticleTooLarge(ArticleError):
    """The article is larger than one check takes."""


class ArticleNotText(ArticleError):
    """The article is binary, or in an encoding that cannot be told."""


class NoClaims(ArticleError):
    """The article was read, but it makes no checkable claim."""


class SettingsError(CheckerError):
    """A setting has a value that cannot be used."""


class UnknownName(CheckerError):
    """No judge, extractor or format of that name."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"unknown {what} {name!r}; choose one of: {', '.join(sorted(known))}")


class StoreEmpty(CheckerError):
    """There is no evidence to check against."""


class JudgeError(CheckerError):
    """A judge could not hear the evidence."""


class ReportUnreadable(CheckerError):
    """A report read back from JSON is not one."""


class OutputError(CheckerError):
    """The result cannot be written where it was asked for."""


class BadReply(JudgeError):
    """A chat model's reply cannot be trusted.

    Attributes:
        cut: It was cut off by a limit on its length.
        refused: The model refused to answer.
    """

    def __init__(self, message: str, *, cut: bool = False, refused: bool = False) -> None:
        self.cut = cut
        self.refused = refused
        super().__init__(message)


class BudgetExhausted(JudgeError):
    """A limit on calls or tokens is reached."""


class DeadlinePassed(JudgeError):
    """The time for the whole check is over."""


class CallFailed(JudgeError):
    """A chat model did not answer, after every retry."""


class ReviewError(CheckerError):
    """The review queue refuses something."""


class NotFound(ReviewError):
    """No item, user or other thing of that id that this user may see."""


class NotAllowed(ReviewError):
    """This user may not do that."""


class WrongState(ReviewError):
    """The item is not in a state from which that can be done."""


class Outdated(ReviewError):
    """The item has changed since it was read.

    Attributes:
        version: Its current version.
        state: Its current state.
    """

    def __init__(self, version: int, state: str) -> None:
        self.version = version
        self.state = state
        super().__init__(f"the item has changed meanwhile (it is now {state}, version {version}); read it again")


class Held(ReviewError):
    """Somebody else holds the item."""


class Incomplete(ReviewError):
    """Something that is required is missing or not valid."""


class KeyReused(ReviewError):
    """An idempotency key was used before, with another request."""


class LoginFailed(ReviewError):
    """Wrong name or password, or too many tries."""


class WebError(CheckerError):
    """A request is refused at the door, before it reaches the queue."""


class NotSignedIn(WebError):
    """Nobody is signed in, or the session or token has ended."""


class Forged(WebError):
    """The request lacks the token that only a page of ours could have sent along."""


class DatabaseUnavailable(CheckerError):
    """The queue's database cannot be opened or is of another version."""


class BulkError(CheckerError):
    """A bulk run cannot be started, or cannot go on; what is done of it stays done."""


class ModelUnavailable(CheckerError):
    """The chat model cannot be reached or is not configured."""
