// The page's one WebSocket to /api/v1/live: reconnects, notices silence, hands on what comes.
// Events of the bus: 'frame' (ArrayBuffer), 'alerts', 'vitals', 'state', 'location', 'hello', 'error'; also .send(object), .state, .alerts.
(() => {
  const SILENCE_MS = 8000; // the server says something every 2 s
  const FIRST_RETRY_MS = 500;
  const LONGEST_RETRY_MS = 5000;
  const SIGNED_OUT = 4401;
  const TOO_MANY = 1008; // newer pages of the account took the place of this one
  const STORES = { alerts: "alerts-store", vitals: "vitals-store", state: "socket-store" };

  const driveops = window.driveops;
  const emit = driveops.emit;
  let socket = null;
  let retryMs = FIRST_RETRY_MS;
  let silence = null;
  let retry = null; // the timer of the next try
  let view = null; // the newest view of the map: said again after a reconnect

  driveops.send = (message) => {
    if (message.type === "view") view = message;
    if (driveops.state === "open") socket.send(JSON.stringify(message));
  };

  function become(state) {
    if (driveops.state === state) return;
    driveops.state = state;
    driveops.setProps(STORES.state, { data: { state, since: Date.now() } });
    emit("state", state);
  }

  function heard() {
    clearTimeout(silence);
    silence = setTimeout(() => drop(socket), SILENCE_MS);
  }

  function receive(event) {
    heard();
    if (event.data instanceof ArrayBuffer) return emit("frame", event.data);
    const message = JSON.parse(event.data);
    if (message.type === "alerts") {
      driveops.alerts = message.alerts;
      driveops.setProps(STORES.alerts, { data: message.alerts });
      return emit("alerts", message.alerts);
    }
    if (message.type === "hello") greeted(message);
    if (message.type === "vitals") driveops.setProps(STORES.vitals, { data: message });
    emit(message.type, message);
  }

  // Only now does the server have us: it may refuse after a socket has opened.
  function greeted(message) {
    driveops.clockOffsetMs = message.server_time_ms - Date.now();
    retryMs = FIRST_RETRY_MS;
    become("open");
    if (view) driveops.send(view);
  }

  // A dead network tells close() nothing for a long time: forget the socket first, then close it.
  function drop(gone, code) {
    if (gone !== socket) return;
    socket = null;
    clearTimeout(silence);
    become("dead");
    if (gone) gone.close();
    if (code === SIGNED_OUT) {
      window.location.assign("/login?next=" + encodeURIComponent(window.location.pathname));
      return;
    }
    if (code === TOO_MANY) {
      driveops.withTexts((texts) => driveops.notify(texts.too_many_pages, texts.reload_page, "red", "too-many-pages"));
      return;
    }
    retry = setTimeout(connect, retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  }

  function connect() {
    retry = null;
    const mine = new WebSocket(window.location.origin.replace(/^http/, "ws") + "/api/v1/live");
    socket = mine;
    mine.binaryType = "arraybuffer";
    heard();
    mine.onmessage = (event) => mine === socket && receive(event);
    mine.onclose = (event) => drop(mine, event.code);
  }

  // Browsers let the timers of a tab that nobody looks at sleep for a minute.
  function hurry() {
    if (retry === null || document.visibilityState === "hidden") return;
    clearTimeout(retry);
    retryMs = FIRST_RETRY_MS;
    connect();
  }
  for (const [place, event] of [[window, "online"], [window, "pageshow"], [document, "visibilitychange"]]) place.addEventListener(event, hurry);
  connect();
})();
