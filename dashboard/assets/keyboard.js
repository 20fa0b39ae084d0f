// Alerts by keyboard and by button: choose (arrows, j, k), acknowledge (a), resolve (r), show on the map (z).
(() => {
  const MAP_WAIT_MS = 10000;
  const FLY_RETRY_MS = 100;
  let selected = null;

  function setProps(id, props) {
    window.driveops.setProps(id, props);
  }

  function choose(id) {
    selected = id;
    setProps("selected-alert", { data: id });
    const row = document.querySelector(`#alert-queue [data-alert="${CSS.escape(id)}"]`);
    if (row) row.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const all = window.driveops.alerts;
    if (!all.length) return;
    const at = all.findIndex((alert) => alert.id === selected);
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
    choose(all[next].id);
  }

  // With one alert alone there is nothing to choose; with several, a key must never hit one that was not chosen.
  function subject() {
    const all = window.driveops.alerts;
    const found = all.find((alert) => alert.id === selected);
    if (found || all.length !== 1) return found;
    choose(all[0].id);
    return all[0];
  }

  function flyTo(alert) {
    if (alert.lat === null) return;
    if (window.location.pathname !== "/") setProps("_pages_location", { pathname: "/" });
    const until = Date.now() + MAP_WAIT_MS;
    (function attempt() {
      if (window.driveops.map && document.getElementById("live-map")) window.driveops.map.flyTo(alert.lat, alert.lon);
      else if (Date.now() < until) setTimeout(attempt, FLY_RETRY_MS);
    })();
  }

  function act(action, alert) {
    if (!alert) return;
    if (action === "locate") return flyTo(alert);
    if (action === "acknowledge" && alert.state !== "open") return;
    if (action === "resolve") return ask(alert);
    tell(action, alert.id);
  }

  function tell(action, id, text) {
    setProps("alert-action", { data: { action, alert: id, text, at: Date.now() } });
  }

  // Opened in the same moment as the key: what is typed next is text, not keys.
  let asked = null;
  const dialog = () => document.getElementById("resolve-modal");
  const field = () => {
    const found = document.getElementById("resolve-text");
    if (!found) return null;
    return found.matches("input") ? found : found.querySelector("input");
  };

  function ask(alert) {
    asked = alert.id;
    dialog().showModal();
    field().focus();
  }

  function answer() {
    const text = field().value.trim();
    if (!text) return field().focus();
    tell("resolve", asked, text);
    dialog().close();
  }

  // `close` does not bubble: caught on its way down. Esc, Cancel and an answer all come here.
  document.addEventListener("close", (event) => event.target === dialog() && setProps("resolve-text", { value: "" }), true);

  const KEYS = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    j: () => move(1),
    k: () => move(-1),
    a: () => act("acknowledge", subject()),
    r: () => act("resolve", subject()),
    z: () => act("locate", subject()),
  };

  function isTaken(target) {
    return (
      target.isContentEditable ||
      target.closest("input, textarea, select, [role=dialog], [role=menu], [role=radiogroup], [role=grid], .maplibregl-canvas") !== null
    );
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === field()) {
      event.preventDefault();
      return answer();
    }
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTaken(event.target)) return;
    if (document.querySelector("[role=dialog], dialog[open]")) return;
    const work = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!work || !window.driveops.alerts.length) return;
    event.preventDefault();
    work();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("#resolve-confirm")) return answer();
    if (event.target.closest("#resolve-cancel")) return dialog().close();
    const row = event.target.closest("[data-alert]");
    if (!row) return;
    const alert = window.driveops.alerts.find((one) => one.id === row.dataset.alert);
    if (!alert) return;
    choose(alert.id);
    const button = event.target.closest("[data-action]");
    if (button) act(button.dataset.action, alert);
  });

  // The times since: counted here, so that nothing is rendered anew each second.
  setInterval(() => {
    for (const ago of document.querySelectorAll(".ago[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Number(ago.dataset.since)) / 1000));
      const minutes = Math.floor(seconds / 60);
      ago.textContent = minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
    }
  }, 1000);
})();
