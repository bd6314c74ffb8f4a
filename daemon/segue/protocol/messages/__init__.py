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
from segue.protocol.messages.details import Details, Grid, KeySection, LocalTempo, MixPoint, Section
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
from segue.protocol.messages.tracks import (
    AnalyseParams,
    Analysis,
    DoubtfulTracks,
    SearchParams,
    Track,
    TrackList,
    TrackParams,
    Value,
)
from segue.protocol.messages.trust import (
    Doubt,
    DoubtsParams,
    SetParams,
    TagChange,
    TagWrite,
    TagWrites,
    WriteTagsParams,
)

__all__ = [
    "AnalyseParams",
    "Analysis",
    "Counts",
    "Deck",
    "DeckList",
    "DeckName",
    "DeckParams",
    "Details",
    "Done",
    "Doubt",
    "DoubtfulTracks",
    "DoubtsParams",
    "Event",
    "EventName",
    "FailureList",
    "FileFailure",
    "Folder",
    "FolderList",
    "FolderParams",
    "Grid",
    "IndexState",
    "KeySection",
    "Limit",
    "LimitParams",
    "LocalTempo",
    "Message",
    "MixPoint",
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
    "Section",
    "Seed",
    "SetParams",
    "ShutdownParams",
    "SimilarParams",
    "Status",
    "Suggestion",
    "Suggestions",
    "TagChange",
    "TagWrite",
    "TagWrites",
    "Text",
    "Track",
    "TrackList",
    "TrackParams",
    "UseModelsParams",
    "Value",
    "WriteTagsParams",
]
