// What people do to alerts: take one, say how it ended, look where it is.
// driveops.act(action, alert): "acknowledge", "resolve", "locate".
(() => {
  const MAP_WAIT_MS = 10000;
  const FLY_RETRY_MS = 100;
  const driveops = window.driveops;
  const drafts = new Map(); // alert id → how it ended, until the server has it
  let asked = null; // whom the dialog is about
  let sending = null; // the alert whose answer is on its way

  const dialog = () => document.getElementById("resolve-modal");
  const field = () => {
    const found = document.getElementById("resolve-text");
    return found === null || found.matches("input") ? found : found.querySelector("input");
  };

  function who(alert) {
    return alert.who ?? driveops.texts.fob_on_device.replace("{fob}", alert.fob).replace("{device}", alert.device_name);
  }

  // Title and message of a refusal; the server's message names the colleague who was faster.
  function reason({ code, message }) {
    const texts = driveops.texts;
    if (code === "unavailable") return [texts.failed, texts.no_database_answer];
    if (code === "no_answer") return [texts.failed, texts.no_answer];
    return [texts.refusals[code] ?? texts.failed, message];
  }

  async function acknowledge(alert) {
    if (alert.state !== "open") return;
    const refusal = await driveops.post(`/api/v1/alerts/${alert.id}/acknowledge`);
    if (refusal === null) driveops.notify(driveops.texts.done, driveops.texts.taken, "green");
    else driveops.notify(...reason(refusal), "orange");
  }

  // Opened in the same moment as the key: what is typed next is text, not keys.
  function ask(alert, complaint = "") {
    asked = alert;
    driveops.setProps("resolve-who", { children: who(alert) });
    driveops.setProps("resolve-complaint", { children: complaint });
    if (!dialog().open) {
      if (drafts.has(alert.id)) driveops.setProps("resolve-text", { value: drafts.get(alert.id) });
      dialog().showModal();
    }
    field().focus();
  }

  async function answer() {
    const alert = asked;
    const text = field().value.trim();
    if (!text) return field().focus();
    if (sending === alert.id) return; // Enter twice
    drafts.set(alert.id, text);
    sending = alert.id;
    const refusal = await driveops.post(`/api/v1/alerts/${alert.id}/resolve`, { text });
    if (sending === alert.id) sending = null;
    if (refusal === null) accepted(alert);
    else refused(alert, reason(refusal));
  }

  function accepted(alert) {
    drafts.delete(alert.id);
    if (dialog().open && asked.id === alert.id) dialog().close();
    driveops.notify(driveops.texts.done, driveops.texts.resolved, "green");
  }

  // Asked again with the text as it was; while another alert is asked about, the text waits until its own is.
  function refused(alert, [title, message]) {
    if (dialog().open && asked.id !== alert.id) driveops.notify(title, message, "orange");
    else ask(alert, [title, message].filter(Boolean).join(". "));
  }

  // Emptied when it closes, not when it opens: typing begins at once. `close` does not bubble: caught on its way down.
  document.addEventListener("close", (event) => event.target === dialog() && driveops.setProps("resolve-text", { value: "" }), true);

  function flyTo(alert) {
    if (alert.lat === null) return;
    if (window.location.pathname !== "/") driveops.setProps("_pages_location", { pathname: "/" });
    const until = Date.now() + MAP_WAIT_MS;
    (function attempt() {
      if (driveops.map && document.getElementById("live-map")) driveops.map.flyTo(alert.lat, alert.lon);
      else if (Date.now() < until) setTimeout(attempt, FLY_RETRY_MS);
    })();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== field()) return;
    event.preventDefault();
    answer();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("#resolve-confirm")) answer();
    if (event.target.closest("#resolve-cancel")) dialog().close();
  });

  const ACTIONS = { acknowledge, resolve: (alert) => ask(alert), locate: flyTo };
  driveops.act = (action, alert) => ACTIONS[action](alert);
})();
