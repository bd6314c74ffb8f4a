"""The list of methods: name, parameters, result, one line of what it does."""

from __future__ import annotations

from typing import Final, NamedTuple

from segue.protocol import messages as m

PROTOCOL_VERSION: Final = 1
"""Raised when a client written for the version before would misunderstand."""
MAX_REQUEST_BYTES: Final = 256 * 1024
"""A larger request is refused."""
MAX_BATCH: Final = 32
"""Requests in one JSON-RPC batch."""


class Method(NamedTuple):
    """One method of the protocol."""

    name: str
    params: type[m.Message]
    result: type[m.Result]
    summary: str


METHODS: Final[dict[str, Method]] = {
    method.name: method
    for method in (
        Method("recommend.next", m.NextParams, m.Suggestions, "What to play after a track of the library, and why."),
        Method("recommend.similar", m.SimilarParams, m.Suggestions, "What sounds like a file, in the library or not."),
        Method("recommend.check", m.CheckParams, m.Closeness, "Is a file too close to an owned record, and where?"),
        Method("recommend.weights", m.WeightsParams, m.WeightList, "What counts how much in a score, and who says so."),
        Method("recommend.tune", m.TuneParams, m.WeightList, "Change the weights, or learn them from what was played."),
        Method("recommend.path", m.PathParams, m.Route, "From one track to another in steps that mix."),
        Method("recommend.set", m.SetlistParams, m.Route, "A whole set whose energy follows an arc."),
        Method("track.get", m.TrackParams, m.Track, "One track with all its values and their sources."),
        Method("track.changes", m.ChangesParams, m.Changes, "What changed from one version of a work to another."),
        Method("track.analyse", m.AnalyseParams, m.Analysis, "Analyse a file without adding it to the library."),
        Method("track.set", m.SetParams, m.Track, "Say what a track's tempo, key, energy or rating is."),
        Method("track.write_tags", m.WriteTagsParams, m.TagWrites, "Write values that hold into the tags of files."),
        Method("library.work", m.WorkParams, m.Work, "All versions of one work, oldest first."),
        Method("track.promote", m.PromoteParams, m.Track, "Let a track of a private folder be suggested, or no more."),
        Method("library.crates", m.Nothing, m.CrateList, "All crates."),
        Method("library.crate", m.CrateParams, m.TrackList, "The tracks of a crate."),
        Method("library.set_crate", m.SetCrateParams, m.CrateChange, "Say what a crate holds: tracks, or a playlist."),
        Method("library.remove_crate", m.CrateNameParams, m.CrateList, "Remove a crate; its tracks stay."),
        Method("library.search", m.SearchParams, m.TrackList, "Find tracks by words."),
        Method(
            "library.doubts",
            m.DoubtsParams,
            m.DoubtfulTracks,
            "Tracks whose sources disagree, or whose values are unsure.",
        ),
        Method(
            "library.take_over",
            m.TakeOverParams,
            m.TakenOver,
            "Take over what a DJ program says of many tracks at once.",
        ),
        Method("library.folders", m.Nothing, m.FolderList, "The watched folders and how each is watched."),
        Method("library.add_folder", m.AddFolderParams, m.FolderList, "Watch a folder and index what is in it."),
        Method("library.remove_folder", m.FolderParams, m.FolderList, "Stop watching a folder and forget its files."),
        Method("library.rescan", m.RescanParams, m.Done, "Compare the folders with the library now."),
        Method("library.failures", m.LimitParams, m.FailureList, "Files that could not be analysed, and why."),
        Method("deck.update", m.DeckParams, m.Deck, "A shim tells what is on a deck."),
        Method("deck.list", m.Nothing, m.DeckList, "What is on the decks."),
        Method("session.mark_played", m.PlayedParams, m.Play, "Remember that a track was played."),
        Method(
            "session.undo_played", m.UndoPlayedParams, m.Play, "Take the last play back, or the last one of a track."
        ),
        Method("session.new_night", m.Nothing, m.Night, "Begin a night: nothing was played tonight."),
        Method("session.night", m.Nothing, m.Night, "The night so far."),
        Method("session.history", m.LimitParams, m.PlayList, "What was played, latest first."),
        Method("session.wishes", m.Nothing, m.Wishes, "What every shim asks for until it is changed."),
        Method(
            "session.wish", m.WishParams, m.Wished, "Wish for a lane, filters or a preset, or for nothing any more."
        ),
        Method("feedback.rate", m.RateParams, m.Opinion, "Like or dislike a track, always or after another one."),
        Method(
            "feedback.learn", m.LearnParams, m.Lesson, "Learn from a file with sets or playlists of another program."
        ),
        Method("feedback.memory", m.MemoryParams, m.MemoryPage, "What was learned, of all tracks or of one."),
        Method("feedback.forget", m.ForgetParams, m.Forgotten, "Forget what was learned, or a part of it."),
        Method(
            "models.use", m.UseModelsParams, m.Done, "Change to another set of networks, or stay with the one in use."
        ),
        Method("models.remove", m.ModelsParams, m.Done, "Delete an installed set of networks."),
        Method("shims.list", m.Nothing, m.ShimList, "The shims that are installed, and how each is."),
        Method("shims.start", m.StartShimParams, m.Shim, "Let the daemon start a shim, now and with every start."),
        Method("shims.stop", m.ShimParams, m.Shim, "End a shim that the daemon started; it starts it no more."),
        Method("daemon.ping", m.Nothing, m.Pong, "Is it there, and which version?"),
        Method("daemon.status", m.Nothing, m.Status, "Everything about the daemon: the snapshot for events."),
        Method("daemon.pause", m.Nothing, m.Done, "Stop analysing until resumed."),
        Method("daemon.resume", m.Nothing, m.Done, "Analyse again."),
        Method("daemon.shutdown", m.ShutdownParams, m.Done, "Save and stop."),
    )
}
