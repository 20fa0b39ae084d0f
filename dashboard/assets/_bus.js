// What the page's scripts share, loaded first (Dash loads assets in the order of their names):
// window.driveops.on(kind, listener) → a function that takes it off, .emit(kind, value), .setProps(id, props) for Dash.
(() => {
  const RETRY_MS = 100;
  const listeners = {};
  const unsent = {}; // props that came before Dash could take them, newest by id
  let retry = null;

  // set_props before hydration throws and the update is lost: keep it and try again.
  function flush() {
    retry = null;
    if (document.getElementById("connection-badge")) {
      for (const [id, props] of Object.entries(unsent)) {
        try {
          window.dash_clientside.set_props(id, props);
          delete unsent[id];
        } catch {
          break;
        }
      }
    }
    if (Object.keys(unsent).length) retry = setTimeout(flush, RETRY_MS);
  }

  window.driveops = {
    state: "connecting",
    alerts: [],
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
      unsent[id] = { ...unsent[id], ...props };
      if (retry === null) flush();
    },
  };
})();
