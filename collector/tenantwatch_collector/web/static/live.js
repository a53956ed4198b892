// Keeps the stream of events open, and says so when it is not.
import { setText, span } from "./dom.js";

// The collector says something every 15 s; silence for longer means that the way to it is broken.
const SILENCE_MS = 40000;
const MAX_WAIT_MS = 15000;

export function keepLive(address, onData) {
  const live = document.getElementById("live");
  const word = document.getElementById("live-word");
  const time = document.getElementById("live-time");
  const stale = document.getElementById("stale");
  let source = null;
  let connected = false;
  let everConnected = false;
  let updated = Date.now();
  let heard = Date.now();
  let lostAt = Date.now();
  let tries = 0;

  function show() {
    const clock = new Date(updated).toTimeString().slice(0, 8);
    const waiting = !connected && Date.now() - lostAt < 1500;
    live.className = `live ${connected ? "on" : waiting ? "waiting" : "off"}`;
    setText(word, connected ? "live" : everConnected ? "reconnecting" : "connecting");
    setText(time, clock);
    const late = !connected && !waiting;
    setText(stale, late ? `Not live: what you see is from ${clock}, ${span((Date.now() - updated) / 1000)} ago. Reconnecting…` : "");
    stale.hidden = !late;
    document.body.classList.toggle("stale", late);
  }

  function alive() {
    heard = Date.now();
    connected = everConnected = true;
    tries = 0;
  }

  function lost() {
    if (connected) lostAt = Date.now();
    connected = false;
    show();
  }

  function connect() {
    source?.close();
    heard = Date.now();
    source = new EventSource(address);
    source.addEventListener("open", () => { alive(); show(); });
    source.addEventListener("ping", () => { alive(); show(); });
    source.addEventListener("message", (event) => {
      alive();
      updated = Date.now();
      onData(JSON.parse(event.data));
      show();
    });
    source.addEventListener("error", () => {
      lost();
      // A refused stream is not tried again by the browser.
      if (source.readyState === EventSource.CLOSED) setTimeout(knock, Math.min(MAX_WAIT_MS, 1000 * 2 ** tries++));
    });
  }

  // An over session gives 401, and the page then shows the sign-in form; anything else is tried again.
  async function knock() {
    const stop = new AbortController();
    try {
      const answer = await fetch(address, { signal: stop.signal });
      if (answer.status === 401) return location.reload();
    } catch {
      // Not there: connecting again finds out when it is.
    } finally {
      stop.abort();
    }
    connect();
  }

  setInterval(() => {
    if (Date.now() - heard > SILENCE_MS && source.readyState !== EventSource.CLOSED) { lost(); connect(); }
    show();
  }, 1000);
  connect();
  show();
}
