// Segue: shows new suggestions without a click, and gives controller buttons to use them with.
// ES5 only: Mixxx 2.3 runs QtScript, later ones QJSEngine; this file must load in both.
var Segue = {};

// Milliseconds after a load at which the list on screen is read again: the suggestions are written within half a second.
// Once only, for Mixxx may forget then which row is selected.
Segue.REDRAW = 800;
// What [Library],sort_column is while a playlist is on screen in its own order.
Segue.POSITION = 23;
Segue.connections = [];

Segue.init = function() {
    var decks = engine.getValue("[Master]", "num_decks") || 2;
    var follow = function(group) {
        Segue.connections.push(engine.makeConnection(group, "track_loaded", Segue.loaded));
    };
    for (var deck = 1; deck <= decks; deck++) {
        follow("[Channel" + deck + "]");
    }
};

Segue.shutdown = function() {
    for (var i = 0; i < Segue.connections.length; i++) {
        Segue.connections[i].disconnect();
    }
    Segue.connections = [];
};

Segue.loaded = function() {
    engine.beginTimer(Segue.REDRAW, Segue.redraw, true);
};

// Mixxx reads the list on screen again when its order changes: turn it round, and back. Only a playlist in its own order:
// a library of many thousand tracks takes long, and loses its place.
Segue.redraw = function() {
    if (engine.getValue("[Library]", "sort_column") !== Segue.POSITION) {
        return;
    }
    var order = engine.getValue("[Library]", "sort_order");
    engine.setValue("[Library]", "sort_order", order ? 0 : 1);
    engine.setValue("[Library]", "sort_order", order);
};

// For buttons and knobs of your mapping (bind them with <script-binding/>) ------------------------------------------

// A knob that turns, or two buttons: the next or previous row of the list.
Segue.select = function(channel, control, value) {
    if (value) {
        engine.setValue("[Playlist]", "SelectTrackKnob", value > 63 ? -1 : 1);
    }
};

// A button: the selected row onto a deck that does not play.
Segue.loadFree = function(channel, control, value) {
    if (value) {
        engine.setValue("[Playlist]", "LoadSelectedIntoFirstStopped", 1);
    }
};

// A button: the selected row to the end of the Auto DJ queue, never to its top.
Segue.queue = function(channel, control, value) {
    if (value) {
        engine.setValue("[Library]", "AutoDjAddBottom", 1);
    }
};

// System exclusive F0 7D 4D 58 <JSON in ASCII> F7, from a program on a virtual port: {"c": "redraw"}.
Segue.incomingData = function(data, length) {
    var text = "", i;
    if (data[1] !== 0x7D || data[2] !== 0x4D || data[3] !== 0x58) {
        return;
    }
    for (i = 4; i < length && data[i] !== 0xF7; i++) {
        text += String.fromCharCode(data[i]);
    }
    if (JSON.parse(text).c === "redraw") {
        Segue.redraw();
    }
};
