// What the page's scripts share, loaded first (Dash loads assets in the order of their names):
// window.driveops.on(kind, listener) → a function that takes it off, .emit(kind, value), .setProps(id, props) for Dash,
// .withTexts(act) → act(texts) once the words of the reader's language are there (frame.js brings them by .setTexts(texts)),
// .serverNow() → Unix ms by the server's clock (live_socket.js keeps `clockOffsetMs`), wherever this computer's clock is set meanwhile.
(() => {
  const RETRY_MS = 100;
  const GIVE_UP_MS = 15000; // a component of another page: an old wish must not meet it when that page comes
  const listeners = {};
  const unsent = new Map(); // id → {props, until} that Dash could not take yet, the newest props
  let retry = null;

  // set_props before hydration, or for a component that is not there, throws and the update is lost: keep it and try again.
  function flush() {
    retry = null;
    if (document.getElementById("connection-badge")) for (const id of [...unsent.keys()]) attempt(id);
    if (unsent.size) retry = setTimeout(flush, RETRY_MS);
  }

  function attempt(id) {
    const wish = unsent.get(id);
    wish.until ??= performance.now() + GIVE_UP_MS; // counted from when Dash was there
    try {
      window.dash_clientside.set_props(id, wish.props);
    } catch (error) {
      if (performance.now() < wish.until) return;
      console.warn("driveops: nobody takes", id, error);
    }
    unsent.delete(id);
  }

  let clock = { offsetMs: 0, serverMs: Date.now(), setAt: performance.now() };

  const untold = []; // what waits for the words

  window.driveops = {
    texts: null,
    setTexts(texts) {
      window.driveops.texts = texts;
      for (const act of untold.splice(0)) act(texts);
    },
    withTexts(act) {
      if (window.driveops.texts) act(window.driveops.texts);
      else untold.push(act);
    },
    unsent: () => [...unsent.keys()],
    state: "connecting",
    alerts: [],
    get clockOffsetMs() {
      return clock.offsetMs;
    },
    set clockOffsetMs(offsetMs) {
      clock = { offsetMs, serverMs: Date.now() + offsetMs, setAt: performance.now() };
    },
    serverNow: () => clock.serverMs + performance.now() - clock.setAt,
    send() {},
    on(kind, listener) {
      (listeners[kind] ||= new Set()).add(listener);
      return () => listeners[kind].delete(listener);
    },
    emit(kind, value) {
      for (const listener of listeners[kind] || []) {
        try {
          listener(value);
        } catch (error) {
          console.error("driveops", kind, error); // one listener's fault is not another's
        }
      }
    },
    setProps(id, props) {
      unsent.set(id, { props: { ...unsent.get(id)?.props, ...props }, until: null });
      if (retry === null) flush();
    },
  };
})();
