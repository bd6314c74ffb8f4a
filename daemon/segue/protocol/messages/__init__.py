"""Parameters and results of every method, and the data of every event, by what they are about.

`docs/protocol.md` is generated from here.
"""

from segue.protocol.messages.base import Limit, Message, Ratio, Result, Text
from segue.protocol.messages.daemon import (
    Done,
    LimitParams,
    ModelsParams,
    Nothing,
    Pong,
    Renewal,
    ShutdownParams,
    Status,
    UseModelsParams,
)
from segue.protocol.messages.events import Event, EventName
from segue.protocol.messages.library import (
    Counts,
    FailureList,
    FileFailure,
    Folder,
    FolderList,
    FolderParams,
    IndexState,
    RescanParams,
)
from segue.protocol.messages.playing import Deck, DeckList, DeckName, DeckParams, Play, PlayList
from segue.protocol.messages.suggestions import NextParams, Seed, SimilarParams, Suggestion, Suggestions
from segue.protocol.messages.tracks import AnalyseParams, Analysis, SearchParams, Track, TrackList, TrackParams, Value

__all__ = [
    "AnalyseParams",
    "Analysis",
    "Counts",
    "Deck",
    "DeckList",
    "DeckName",
    "DeckParams",
    "Done",
    "Event",
    "EventName",
    "FailureList",
    "FileFailure",
    "Folder",
    "FolderList",
    "FolderParams",
    "IndexState",
    "Limit",
    "LimitParams",
    "Message",
    "ModelsParams",
    "NextParams",
    "Nothing",
    "Play",
    "PlayList",
    "Pong",
    "Ratio",
    "Renewal",
    "RescanParams",
    "Result",
    "SearchParams",
    "Seed",
    "ShutdownParams",
    "SimilarParams",
    "Status",
    "Suggestion",
    "Suggestions",
    "Text",
    "Track",
    "TrackList",
    "TrackParams",
    "UseModelsParams",
    "Value",
]
