// Segue: shows new suggestions without a click, and gives controller buttons to use them with.
// ES5 only: Mixxx 2.3 runs QtScript, later ones QJSEngine; this file must load in both.
// It may ride in any controller's mapping: it never sends anything to the controller. What talks to the program outside is
// segue-link.js, which only our own mapping has.
var Segue = {};

// Milliseconds after a load at which the list on screen is read again when nobody else does it.
Segue.REDRAW = 800;
// What [Library],sort_column is while a playlist is on screen in its own order.
Segue.POSITION = 23;
// Mixxx takes a second load of the same deck within half a second for the wish to clone another deck.
Segue.AGAIN = 600;
// Every controller has a script engine of its own, and they share nothing but Mixxx's controls. The scripts call to each other
// through one that nobody hears: for a moment the preview deck jumps by a number of beats that no DJ would choose.
Segue.CALL_GROUP = "[PreviewDeck1]";
Segue.CALL_KEY = "beatjump_size";
Segue.CALLS = {best: 401.5, stay: 402.5, lift: 403.5, ease: 404.5, turn: 405.5, linked: 406.5};
Segue.LANES = ["best", "stay", "lift", "ease", "turn"];

Segue.connections = [];
Segue.decks = 0;
Segue.redrawn = 0;
Segue.linked = 0;
Segue.stirred = {};
Segue.last = {group: "", time: 0};
Segue.moved = true;
Segue.waits = false;

Segue.init = function() {
    Segue.follow("[Master]", "num_decks", Segue.meetDecks);
    Segue.follow("[Library]", "sort_order", function() { Segue.redrawn = Segue.now(); });
    Segue.follow(Segue.CALL_GROUP, Segue.CALL_KEY, Segue.heard);
    Segue.meetDecks();
};

Segue.shutdown = function() {
    for (var i = 0; i < Segue.connections.length; i++) {
        Segue.connections[i].disconnect();
    }
    Segue.connections = [];
    Segue.decks = 0;
};

Segue.now = function() {
    return new Date().getTime();
};

// A control that this Mixxx does not have is an error in some versions and nothing in others.
Segue.follow = function(group, key, told) {
    var connection;
    try {
        connection = engine.makeConnection(group, key, told);
    } catch (error) {
        connection = null;
    }
    if (connection) {
        Segue.connections.push(connection);
    }
};

// A skin may ask for more decks later.
Segue.meetDecks = function() {
    var decks = engine.getValue("[Master]", "num_decks") || 2;
    while (Segue.decks < decks) {
        Segue.decks += 1;
        Segue.follow("[Channel" + Segue.decks + "]", "track_loaded", Segue.loaded);
    }
};

Segue.loaded = function(value, group) {
    var began = Segue.now();
    Segue.stirred[group] = began;
    if (!value) {
        return;
    }
    engine.beginTimer(Segue.REDRAW, function() {
        // The program outside knows better when there is something new, and says so through the link.
        if (Segue.redrawn < began && Segue.linked < began - Segue.AGAIN) {
            Segue.redraw(false);
        }
    }, true);
};

// Mixxx reads the list on screen again when its order changes: turn it round, and back. Only a playlist in its own order:
// a library of many thousand tracks takes long, and loses its place. What was selected stays so if it is still in the list.
Segue.redraw = function(first) {
    if (engine.getValue("[Library]", "sort_column") !== Segue.POSITION) {
        return;
    }
    var order = engine.getValue("[Library]", "sort_order");
    engine.setValue("[Library]", "sort_order", order ? 0 : 1);
    engine.setValue("[Library]", "sort_order", order);
    if (first) {
        engine.beginTimer(60, Segue.ensure, true);
    }
};

// Select the first row if none is selected. Nobody tells whether one is: so one row away, and back. Where the selection stops
// at the ends of the list (2.3, which has no Map) it must go down first, and from the last row it ends one above; where it goes
// round it must go up.
Segue.ensure = function() {
    var away = typeof Map === "undefined" ? 1 : -1;
    Segue.move(away);
    Segue.move(-away);
};

Segue.move = function(rows) {
    engine.setValue("[Playlist]", "SelectTrackKnob", rows);
};

Segue.push = function(group, key) {
    engine.setValue(group, key, 1);
    engine.setValue(group, key, 0);
};

// Script to script ----------------------------------------------------------------------------------------------------

Segue.call = function(name) {
    var before = engine.getValue(Segue.CALL_GROUP, Segue.CALL_KEY);
    engine.setValue(Segue.CALL_GROUP, Segue.CALL_KEY, Segue.CALLS[name]);
    engine.setValue(Segue.CALL_GROUP, Segue.CALL_KEY, before);
};

Segue.heard = function(value) {
    if (value === Segue.CALLS.linked) {
        Segue.linked = Segue.now();
    }
};

// For buttons and knobs of your mapping (bind them with <script-binding/>) --------------------------------------------

Segue.isPressed = function(value, status) {
    return value > 0 && (status & 0xF0) !== 0x80;
};

// A knob that turns without end: the next or previous rows of the list.
Segue.select = function(channel, control, value) {
    if (value) {
        Segue.move(value > 63 ? value - 128 : value);
        Segue.moved = true;
    }
};

// Buttons: the next row, the one before.
Segue.down = function(channel, control, value, status) {
    if (Segue.isPressed(value, status)) {
        Segue.move(1);
        Segue.moved = true;
    }
};

Segue.up = function(channel, control, value, status) {
    if (Segue.isPressed(value, status)) {
        Segue.move(-1);
        Segue.moved = true;
    }
};

// A button: the selected row onto a deck that does not play; the first row if none is selected.
Segue.loadFree = function(channel, control, value, status) {
    var group = Segue.freeDeck();
    if (Segue.isPressed(value, status) && Segue.claim(group)) {
        Segue.load(group);
    }
};

// A button: one row down, and that onto a deck that does not play.
Segue.loadNext = function(channel, control, value, status) {
    var group = Segue.freeDeck();
    if (Segue.isPressed(value, status) && Segue.claim(group)) {
        Segue.move(1);
        engine.beginTimer(60, function() { Segue.load(group); }, true);
    }
};

// A button: the selected row to the end of the Auto DJ queue, never to its top.
Segue.queue = function(channel, control, value, status) {
    if (Segue.isPressed(value, status)) {
        Segue.push("[Library]", "AutoDjAddBottom");
    }
};

// A button: hear the selected row in the preview deck; again, without another row in between, and it stops.
Segue.preview = function(channel, control, value, status) {
    var group = "[PreviewDeck1]";
    if (!Segue.isPressed(value, status)) {
        return;
    }
    if (engine.getValue(group, "play") && !Segue.moved) {
        engine.setValue(group, "play", 0);
        return;
    }
    Segue.moved = false;
    if (Segue.claim(group)) {
        Segue.push(group, "LoadSelectedTrackAndPlay");
    } else if (!Segue.waits) {
        Segue.waits = true;
        engine.beginTimer(Segue.AGAIN, function() {
            Segue.waits = false;
            Segue.claim(group);
            Segue.push(group, "LoadSelectedTrackAndPlay");
        }, true);
    }
};

// Buttons that say what is wanted next: Segue.best, Segue.stay, Segue.lift, Segue.ease, Segue.turn. They need the link.
Segue.asks = function(lane) {
    return function(channel, control, value, status) {
        if (Segue.isPressed(value, status)) {
            Segue.call(lane);
        }
    };
};
Segue.best = Segue.asks("best");
Segue.stay = Segue.asks("stay");
Segue.lift = Segue.asks("lift");
Segue.ease = Segue.asks("ease");
Segue.turn = Segue.asks("turn");

// Take a deck for a load; false when it was taken a moment ago: whoever presses twice in a hurry means it once.
Segue.claim = function(group) {
    var now = Segue.now(), since = now - Segue.last.time;
    if (!group || (group === Segue.last.group && since >= 0 && since < Segue.AGAIN)) {
        return false;
    }
    Segue.last = {group: group, time: now};
    return true;
};

Segue.load = function(group) {
    var began = Segue.now();
    Segue.push(group, "LoadSelectedTrack");
    engine.beginTimer(Segue.AGAIN, function() {
        // Without a selected row nothing was loaded. If the file is only slow, the same row is selected, and loaded, again.
        if (!(Segue.stirred[group] >= began) && !engine.getValue(group, "play")) {
            Segue.ensure();
            engine.beginTimer(60, function() { Segue.push(group, "LoadSelectedTrack"); }, true);
        }
    }, true);
};

// The deck to load: of the first two, then of the others, one that is empty before one that stands still.
Segue.freeDeck = function() {
    var pairs = [[1, 2], []], i, j, group, stopped;
    for (i = 3; i <= Segue.decks; i++) {
        pairs[1].push(i);
    }
    for (i = 0; i < pairs.length; i++) {
        stopped = "";
        for (j = 0; j < pairs[i].length; j++) {
            group = "[Channel" + pairs[i][j] + "]";
            if (pairs[i][j] <= Segue.decks && !engine.getValue(group, "play")) {
                if (!engine.getValue(group, "track_loaded")) {
                    return group;
                }
                stopped = stopped || group;
            }
        }
        if (stopped) {
            return stopped;
        }
    }
    return "";
};
