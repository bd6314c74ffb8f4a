// Segue's link: tells the program outside what the decks do, and takes its commands, as system exclusive messages
// F0 7D 4D 58 <JSON in ASCII> F7. ES5 only, as segue.js, which must be loaded before it.
// Only our own mapping has this file. It says nothing before it was spoken to in these messages, and falls silent when it hears
// no more of them: so a controller for which somebody chose our mapping by mistake is left in peace.
var SegueLink = {};

SegueLink.VERSION = "1";
// Milliseconds: between messages of one deck; between signs of life; after the last command; until a load's numbers are there.
SegueLink.APART = 100;
SegueLink.HELLO = 5000;
SegueLink.SILENT = 15000;
SegueLink.LATER = 400;
SegueLink.KEYS = ["track_loaded", "play", "rate_ratio", "keylock", "volume", "mute", "orientation", "track_samples",
    "track_samplerate", "file_bpm"];
SegueLink.MIXER = "[Mixer Profile]";
SegueLink.MIXER_KEYS = ["xFaderMode", "xFaderCurve", "xFaderCalibration", "xFaderReverse"];

SegueLink.talking = false;
SegueLink.spoken = 0;
SegueLink.said = 0;
SegueLink.known = 0;
SegueLink.voices = {};
SegueLink.timer = 0;

SegueLink.init = function() {
    var i;
    Segue.follow("[Master]", "num_decks", SegueLink.meetDecks);
    Segue.follow("[Master]", "crossfader", SegueLink.touchAll);
    for (i = 0; i < SegueLink.MIXER_KEYS.length; i++) {
        Segue.follow(SegueLink.MIXER, SegueLink.MIXER_KEYS[i], SegueLink.touchAll);
    }
    Segue.follow("[Master]", "audio_latency_overload_count", function() { SegueLink.touch("overload"); });
    Segue.follow(Segue.CALL_GROUP, Segue.CALL_KEY, SegueLink.called);
    SegueLink.meetDecks();
    SegueLink.timer = engine.beginTimer(SegueLink.HELLO, SegueLink.tick);
};

SegueLink.shutdown = function() {
    if (SegueLink.timer) {
        engine.stopTimer(SegueLink.timer);
    }
    SegueLink.talking = false;
};

SegueLink.meetDecks = function() {
    var decks = engine.getValue("[Master]", "num_decks") || 2, i, group, name;
    while (SegueLink.known < decks) {
        SegueLink.known += 1;
        group = "[Channel" + SegueLink.known + "]";
        name = String(SegueLink.known);
        for (i = 0; i < SegueLink.KEYS.length; i++) {
            Segue.follow(group, SegueLink.KEYS[i], SegueLink.toucher(name));
        }
        Segue.follow(group, "track_loaded", SegueLink.loader(name));
        SegueLink.touch(name);
    }
};

SegueLink.toucher = function(name) {
    return function() { SegueLink.touch(name); };
};

// track_loaded comes while the numbers are still those of before, or none.
SegueLink.loader = function(name) {
    return function(value) {
        if (value && SegueLink.talking) {
            Segue.call("linked");
        }
        engine.beginTimer(SegueLink.LATER, function() { SegueLink.touch(name); }, true);
    };
};

// Saying ----------------------------------------------------------------------------------------------------------------

SegueLink.send = function(text) {
    var data = [0xF0, 0x7D, 0x4D, 0x58], i;
    for (i = 0; i < text.length; i++) {
        data.push(text.charCodeAt(i) & 0x7F);
    }
    data.push(0xF7);
    midi.sendSysexMsg(data, data.length);
    SegueLink.said = Segue.now();
};

SegueLink.sayHello = function() {
    SegueLink.send(JSON.stringify({r: "hello", version: SegueLink.VERSION, decks: SegueLink.known}));
};

SegueLink.tick = function() {
    if (SegueLink.talking && Segue.now() - SegueLink.spoken > SegueLink.SILENT) {
        SegueLink.talking = false;
    }
    if (SegueLink.talking && Segue.now() - SegueLink.said > SegueLink.HELLO - 500) {
        SegueLink.sayHello();
    }
};

SegueLink.sayAll = function() {
    SegueLink.voices = {};
    SegueLink.sayHello();
    SegueLink.touchAll();
    SegueLink.touch("overload");
};

SegueLink.touchAll = function() {
    for (var deck = 1; deck <= SegueLink.known; deck++) {
        SegueLink.touch(String(deck));
    }
};

// Something of this deck ("1", "2", ...), or the count of overloads, has changed: say how it is now, or as soon as it may be
// said. What is said is read when it is said, so the last state always arrives.
SegueLink.touch = function(name) {
    var voice, wait;
    if (!SegueLink.talking) {
        return;
    }
    voice = SegueLink.voices[name];
    if (!voice) {
        voice = SegueLink.voices[name] = {said: "", time: 0, waits: false};
    }
    if (voice.waits) {
        return;
    }
    wait = Math.min(voice.time + SegueLink.APART - Segue.now(), SegueLink.APART);
    if (wait <= 0) {
        SegueLink.say(name, voice);
        return;
    }
    voice.waits = true;
    engine.beginTimer(Math.max(wait, 20), function() {
        voice.waits = false;
        SegueLink.say(name, voice);
    }, true);
};

SegueLink.say = function(name, voice) {
    var text = JSON.stringify(name === "overload" ? SegueLink.overload() : SegueLink.deck(Number(name)));
    if (SegueLink.talking && text !== voice.said) {
        voice.said = text;
        voice.time = Segue.now();
        SegueLink.send(text);
    }
};

SegueLink.overload = function() {
    return {r: "overload", count: engine.getValue("[Master]", "audio_latency_overload_count")};
};

SegueLink.deck = function(number) {
    var group = "[Channel" + number + "]";
    var get = function(key) { return engine.getValue(group, key); };
    var rate = engine.getValue("[Channel" + number + "]", "track_samplerate");
    return {
        r: "deck",
        number: number,
        loaded: get("track_loaded") > 0,
        playing: get("play") > 0,
        rate: SegueLink.round(Math.max(get("rate_ratio"), 0.01), 6),
        keylock: get("keylock") > 0,
        volume: SegueLink.round(SegueLink.volume(group), 4),
        duration: rate > 0 ? get("track_samples") / 2 / rate : 0,
        bpm: SegueLink.round(Math.max(get("file_bpm"), 0), 6)
    };
};

SegueLink.round = function(value, places) {
    var factor = Math.pow(10, places);
    return isFinite(value) ? Math.round(value * factor) / factor : 0;
};

// What of the deck is heard in the room: its fader, its mute, and its side of the crossfader; 0 to 1.
SegueLink.volume = function(group) {
    var gains, side = engine.getValue(group, "orientation");
    if (engine.getValue(group, "mute")) {
        return 0;
    }
    gains = SegueLink.crossfade(
        engine.getValue("[Master]", "crossfader"),
        engine.getValue(SegueLink.MIXER, "xFaderCurve") || 1,
        engine.getValue(SegueLink.MIXER, "xFaderCalibration") || 1,
        engine.getValue(SegueLink.MIXER, "xFaderMode") > 0,
        engine.getValue(SegueLink.MIXER, "xFaderReverse") > 0
    );
    return Math.max(0, Math.min(1, engine.getValue(group, "volume") * [gains[0], 1, gains[1]][side === undefined ? 1 : side]));
};

// Gains of the left and of the right side. Either side is open up to the middle and falls by a power of what is left of the way;
// with constant power the way is shorter, begins at the far end, and the two gains have 1 as the sum of their squares.
SegueLink.crossfade = function(position, curve, calibration, constant, reverse) {
    var reach = constant ? calibration : 0, place = constant ? position * calibration : position, left, right, power;
    var fall = function(way) { return way > 0 ? Math.max(0, 1 - Math.pow(way, curve)) : 1; };
    left = fall(place + reach);
    right = fall(reach - place);
    if (constant) {
        if (left > right) {
            right = 1 - left;
        } else {
            left = 1 - right;
        }
        power = Math.sqrt(left * left + right * right);
        left /= power;
        right /= power;
    }
    return reverse ? [right, left] : [left, right];
};

// Listening -------------------------------------------------------------------------------------------------------------

// A button in this or in another controller's mapping.
SegueLink.called = function(value) {
    for (var i = 0; i < Segue.LANES.length; i++) {
        if (SegueLink.talking && value === Segue.CALLS[Segue.LANES[i]]) {
            SegueLink.send(JSON.stringify({r: "pressed", lane: Segue.LANES[i]}));
        }
    }
};

// {"c": "hello"}: say everything. {"c": "here"}: I am still there. {"c": "redraw", "first": true}: read the list on the screen
// again, and select its first row if none is selected.
SegueLink.incomingData = function(data, length) {
    var text = "", message, began, i;
    if (data[1] !== 0x7D || data[2] !== 0x4D || data[3] !== 0x58) {
        return;
    }
    for (i = 4; i < length && data[i] !== 0xF7; i++) {
        text += String.fromCharCode(data[i]);
    }
    try {
        message = JSON.parse(text);
    } catch (error) {
        return;
    }
    if (!message || !(message.c === "hello" || message.c === "here" || message.c === "redraw")) {
        return;
    }
    began = !SegueLink.talking;
    SegueLink.talking = true;
    SegueLink.spoken = Segue.now();
    if (began || message.c === "hello") {
        SegueLink.sayAll();
    }
    if (message.c === "redraw") {
        Segue.redraw(message.first === true);
    }
};
