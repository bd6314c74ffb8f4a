"""From a method's name to the handler that does it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from segue.errors import UnknownMethodError
from segue.protocol.messages import Message, Result
from segue.protocol.methods import METHODS
from segue.server.handlers.check import CheckHandlers
from segue.server.handlers.collection import CollectionHandlers
from segue.server.handlers.daemon import DaemonHandlers
from segue.server.handlers.feedback import FeedbackHandlers
from segue.server.handlers.journeys import JourneyHandlers
from segue.server.handlers.library import LibraryHandlers
from segue.server.handlers.models import ModelsHandlers
from segue.server.handlers.playing import PlayingHandlers
from segue.server.handlers.producer import ProducerHandlers
from segue.server.handlers.recommend import RecommendHandlers
from segue.server.handlers.shims import ShimsHandlers
from segue.server.handlers.suggest import SuggestHandlers
from segue.server.handlers.trust import TrustHandlers
from segue.server.handlers.tuning import TuningHandlers
from segue.server.handlers.wishes import WishesHandlers
from segue.server.router import Dispatch, Origin

Handler = Callable[[Any, Origin], Result | Future[Any]]
"""Takes the method's parameters; the router has made sure that they are of the method's struct."""


def dispatcher(
    recommend: RecommendHandlers,
    suggest: SuggestHandlers,
    tuning: TuningHandlers,
    journeys: JourneyHandlers,
    producer: ProducerHandlers,
    check: CheckHandlers,
    library: LibraryHandlers,
    collection: CollectionHandlers,
    playing: PlayingHandlers,
    wishes: WishesHandlers,
    shims: ShimsHandlers,
    feedback: FeedbackHandlers,
    models: ModelsHandlers,
    trust: TrustHandlers,
    daemon: DaemonHandlers,
) -> Dispatch:
    """A function that calls the handler of a method. Every method of the protocol has one, or this raises KeyError."""
    handlers: dict[str, Handler] = {
        "recommend.next": suggest.next,
        "recommend.weights": tuning.weights,
        "recommend.tune": tuning.tune,
        "recommend.similar": producer.similar,
        "recommend.check": check.check,
        "recommend.path": journeys.path,
        "recommend.set": journeys.set,
        "track.get": recommend.get,
        "track.changes": producer.changes,
        "track.analyse": recommend.analyse,
        "track.set": trust.set,
        "track.write_tags": trust.write_tags,
        "track.promote": collection.promote,
        "library.work": producer.work,
        "library.crates": collection.crates,
        "library.crate": collection.crate,
        "library.set_crate": collection.set_crate,
        "library.remove_crate": collection.remove_crate,
        "library.search": library.search,
        "library.doubts": trust.doubts,
        "library.take_over": trust.take_over,
        "library.folders": library.folders,
        "library.add_folder": library.add_folder,
        "library.remove_folder": library.remove_folder,
        "library.rescan": library.rescan,
        "library.failures": library.failures,
        "deck.update": playing.update,
        "deck.list": playing.decks,
        "session.mark_played": playing.mark_played,
        "session.undo_played": playing.undo_played,
        "session.new_night": playing.new_night,
        "session.night": playing.night,
        "session.history": playing.history,
        "session.wishes": wishes.wishes,
        "session.wish": wishes.wish,
        "feedback.rate": feedback.rate,
        "feedback.learn": feedback.learn,
        "feedback.memory": feedback.memory,
        "feedback.forget": feedback.forget,
        "models.use": models.use,
        "models.remove": models.remove,
        "shims.list": shims.list,
        "shims.start": shims.start,
        "shims.stop": shims.stop,
        "daemon.ping": daemon.ping,
        "daemon.status": daemon.status,
        "daemon.pause": daemon.pause,
        "daemon.resume": daemon.resume,
        "daemon.shutdown": daemon.shutdown,
    }
    by_method = {name: handlers[name] for name in METHODS}

    def dispatch(method: str, params: Message, origin: Origin) -> Result | Future[Any]:
        try:
            handler = by_method[method]
        except KeyError:
            raise UnknownMethodError(f"There is no method “{method}”.") from None
        return handler(params, origin)

    return dispatch
