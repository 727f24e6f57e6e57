/* The client's page: shows the document and tells, once it is sure, that somebody
looks. Plain script, no library, so that it is small and works in old browsers. What
it says is only a hint: the server judges it together with everything else. The
portal's page of a document has it too, in a part that has the same id. */
(function () {
    "use strict";

    var CHECK_MS = 500;
    var IGNORE_INPUT_MS = 400;
    // The server wants about 3 s with a real input, or a longer silent look; later
    // beacons replace a first one that came too early to convince it.
    var SEND_AT_MS = [3500, 10000, 30000, 60000, 120000];

    var main = document.getElementById("invoice_delivery");
    var article = document.getElementById("document");
    var form = document.getElementById("show_document");
    var started = Date.now();
    var visibleMs = 0;
    var inputs = 0;
    var firstInputMs = null;
    var lastTick = started;
    var prerendered = Boolean(document.prerendering);
    var sent = 0;
    var sentInputs = 0;

    if (article) {
        article.hidden = false;
    }
    if (form) {
        form.hidden = true;
    }

    function onInput(ev) {
        // A hand that was already on its way when the page came says nothing.
        if (!ev.isTrusted || Date.now() - started < IGNORE_INPUT_MS) {
            return;
        }
        // A page that grows under a resting mouse is no movement of a hand.
        if (ev.type === "pointermove" && !ev.movementX && !ev.movementY) {
            return;
        }
        inputs += 1;
        if (firstInputMs === null) {
            firstInputMs = Date.now() - started;
        }
    }

    // Not given where the client's visits are not recorded: then nothing is told.
    var seenUrl = main.dataset.seenUrl;

    function send(whenDone) {
        if (!seenUrl) {
            return whenDone && whenDone();
        }
        var body = JSON.stringify({
            nonce: main.dataset.nonce,
            visible_ms: Math.round(visibleMs),
            inputs: inputs,
            first_input_ms: firstInputMs,
            webdriver: Boolean(navigator.webdriver),
            touch: "ontouchstart" in window || navigator.maxTouchPoints > 0,
            prerendered: prerendered,
        });
        sent += 1;
        sentInputs = inputs;
        if (window.fetch) {
            window
                .fetch(seenUrl, {
                    method: "POST",
                    body: body,
                    headers: {"Content-Type": "application/json"},
                    credentials: "same-origin",
                    keepalive: true,
                })
                .then(whenDone, whenDone);
        } else {
            var request = new XMLHttpRequest();
            request.open("POST", seenUrl);
            request.setRequestHeader("Content-Type", "application/json");
            request.onloadend = whenDone || null;
            request.send(body);
        }
    }

    function tick() {
        var now = Date.now();
        if (document.visibilityState === "visible" && !document.prerendering) {
            // A sleeping computer makes one long tick: nobody looked meanwhile.
            visibleMs += Math.min(now - lastTick, 2 * CHECK_MS);
        }
        lastTick = now;
        var firstInputNews =
            inputs > 0 && sentInputs === 0 && visibleMs >= SEND_AT_MS[0];
        // Who touches the page late is heard, too: the times are for silent looks.
        if (firstInputNews || visibleMs >= SEND_AT_MS[sent]) {
            send();
        }
    }

    // What the person did on the page is told before the answer, which is judged by
    // it; an answer never waits longer than this.
    var ANSWER_WAIT_MS = 1500;

    function onSubmit(ev) {
        var answer = ev.target;
        if (ev.defaultPrevented || answer.dataset.sent) {
            ev.preventDefault();
            return;
        }
        ev.preventDefault();
        answer.dataset.sent = "1";
        var isGone = false;
        function go() {
            if (!isGone) {
                isGone = true;
                HTMLFormElement.prototype.submit.call(answer);
            }
        }
        tick();
        send(go);
        window.setTimeout(go, ANSWER_WAIT_MS);
    }

    function onToggle(ev) {
        // What is missing comes first, as the server marked it.
        var field =
            ev.target.open &&
            (ev.target.querySelector("[autofocus]") ||
                ev.target.querySelector("[name=name], [name=reason]"));
        if (field) {
            field.focus();
        }
    }

    function onKeyDown(ev) {
        // Back to the button that opened it; what was written stays.
        if (ev.key === "Escape" && ev.currentTarget.open) {
            ev.currentTarget.open = false;
            ev.currentTarget.querySelector("summary").focus();
        }
    }

    function forEach(selector, act) {
        // Lists of elements have no such method in old browsers.
        Array.prototype.forEach.call(main.querySelectorAll(selector), act);
    }

    function onPageShow(ev) {
        // Back from the next page: the forms can be sent again.
        if (ev.persisted) {
            forEach("form", function (each) {
                delete each.dataset.sent;
            });
        }
    }

    function showOwnTime(element) {
        // The server does not know where the reader is, and says UTC.
        var lang = main.lang || document.documentElement.lang;
        var two = "2-digit";
        if (!/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/.test(lang)) {
            return;
        }
        element.textContent = new Date(element.getAttribute("datetime")).toLocaleString(
            lang,
            {
                year: "numeric",
                month: two,
                day: two,
                hour: two,
                minute: two,
            }
        );
    }

    function restart() {
        // A prerendered page begins to count when the person really opens it.
        started = Date.now();
        lastTick = started;
        visibleMs = 0;
        inputs = 0;
        firstInputMs = null;
    }

    // The portal shows the document in a frame, which keeps what is done over it.
    var frame = main.dataset.frame && document.querySelector(main.dataset.frame);
    var signs = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
    // Screen readers and voices press without a hand; scripts are not trusted.
    signs.push("click");
    if (!frame) {
        // Where a frame grows, scripts scroll as well.
        signs.push("scroll");
    }

    function listen(target) {
        signs.forEach(function (name) {
            target.addEventListener(name, onInput, {passive: true});
        });
    }

    listen(window);
    if (frame) {
        listen(frame.contentWindow);
        frame.addEventListener("load", function () {
            listen(frame.contentWindow);
        });
    }
    document.addEventListener("prerenderingchange", restart);
    forEach("form", function (each) {
        each.addEventListener("submit", onSubmit);
    });
    forEach("details", function (each) {
        each.addEventListener("toggle", onToggle);
        each.addEventListener("keydown", onKeyDown);
    });
    forEach("time", showOwnTime);
    window.addEventListener("pageshow", onPageShow);
    window.setInterval(tick, CHECK_MS);
})();
