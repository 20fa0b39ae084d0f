// What people do to alerts: take one, say how it ended, look where it is.
// driveops.act(action, alert): "acknowledge", "resolve", "locate".
(() => {
  const MAP_WAIT_MS = 10000;
  const FLY_RETRY_MS = 100;
  const REFRESH_LIMIT_MS = 5000;
  const driveops = window.driveops;
  const drafts = new Map(); // alert id → how it ended, until the server has it
  let asked = null; // whom the dialog is about
  let sending = null; // the alert whose answer is on its way

  const dialog = () => document.getElementById("resolve-modal");
  const field = () => {
    const found = document.getElementById("resolve-text");
    return found === null || found.matches("input") ? found : found.querySelector("input");
  };

  // As the server has it now; of one that is over, the live list knows nothing.
  async function refreshed(alert) {
    try {
      const answer = await fetch(`/api/v1/alerts/${alert.id}`, { signal: AbortSignal.timeout(REFRESH_LIMIT_MS) });
      if (answer.ok) return await answer.json();
    } catch {
      // Told without a name, then.
    }
    return driveops.alerts.find((one) => one.id === alert.id) ?? null;
  }

  // Title and message of a refusal, in the reader's language; who was faster is said by name.
  async function reason(alert, { code, message }) {
    const texts = driveops.texts;
    const title = texts.refusals[code] ?? texts.failed;
    if (code !== "alert_transition") return [title, texts.reasons[code] ?? (texts.refusals[code] ? "" : message)];
    const now = await refreshed(alert);
    return [title, now && now.state !== "open" ? `${driveops.wording.who(now)}: ${driveops.wording.state(now)}` : ""];
  }

  const taking = new Set(); // the alerts whose answer is on its way: a key pressed twice asks once

  async function acknowledge(alert) {
    if (alert.state !== "open" || taking.has(alert.id)) return;
    taking.add(alert.id);
    const refusal = await driveops.post(`/api/v1/alerts/${alert.id}/acknowledge`);
    taking.delete(alert.id);
    if (refusal === null) driveops.notify(driveops.texts.done, driveops.texts.taken, "green");
    else driveops.notify(...(await reason(alert, refusal)), "orange");
  }

  // The dialog covers the banner: who else needs help stands in it too.
  function tellOthers() {
    const line = document.getElementById("resolve-others");
    if (!line || !driveops.texts) return;
    const open = driveops.alerts.filter((alert) => alert.state === "open" && alert.id !== asked?.id);
    const text = open.length ? driveops.wording.others("more_open", open) : "";
    if (line.textContent !== text) line.textContent = text;
  }
  driveops.on("alerts", tellOthers);

  // Opened in the same moment as the key: what is typed next is text, not keys.
  function ask(alert, complaint = "") {
    asked = alert;
    tellOthers();
    driveops.setProps("resolve-who", { children: driveops.wording.who(alert) });
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
    else refused(alert, await reason(alert, refusal));
  }

  function accepted(alert) {
    drafts.delete(alert.id);
    if (dialog().open && asked.id === alert.id) dialog().close();
    driveops.notify(driveops.texts.done, driveops.texts.resolved, "green");
  }

  // Asked again with the text as it was. Who has left the dialog is told and not disturbed: the text waits for the next `r`.
  function refused(alert, [title, message]) {
    const told = [title, message].filter(Boolean).join(". ");
    if (dialog().open && asked.id === alert.id) return ask(alert, told);
    const isThere = driveops.alerts.some((one) => one.id === alert.id);
    const kept = isThere ? driveops.wording.fill(driveops.texts.text_kept, { who: driveops.wording.who(alert) }) : "";
    driveops.notify(title, [message, kept].filter(Boolean).join(" "), "orange", `kept-${alert.id}`);
  }

  // Emptied when it closes, not when it opens: typing begins at once. `close` does not bubble: caught on its way down.
  document.addEventListener("close", (event) => event.target === dialog() && driveops.setProps("resolve-text", { value: "" }), true);

  function flyTo(alert) {
    if (alert.lat === null) return;
    if (window.location.pathname !== "/") driveops.setProps("_pages_location", { pathname: "/" });
    const until = performance.now() + MAP_WAIT_MS;
    (function attempt() {
      if (driveops.map && document.getElementById("live-map")) driveops.map.flyTo(alert.lat, alert.lon);
      else if (performance.now() < until) setTimeout(attempt, FLY_RETRY_MS);
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
