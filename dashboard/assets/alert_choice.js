// Which alert is meant: the one that the banner shows and that the keys act on. And that the page does show it.
// driveops.choice: .shown(), .isChosen(), .choose(id), .move(step).
(() => {
  const DRAWN_BY = ["alert-banner", "alert-queue"];
  const LOOK_MS = 500;
  const FIRST_PATIENCE_MS = 2000;
  const LONGEST_PATIENCE_MS = 16000;
  const driveops = window.driveops;
  let selected = null;
  let serial = 0; // of what the page is to show; what draws it repeats the number

  // Taken alerts wait while somebody's is open.
  function candidates() {
    const open = driveops.alerts.filter((alert) => alert.state === "open");
    return open.length ? open : driveops.alerts;
  }

  // THE rule: the selected alert stays as long as it is open, or none is. Else the only one there is. With several and
  // none selected the most urgent is shown, but not selected: the next key selects it, so that no key hits one that
  // came into the banner in the same moment.
  function settle() {
    const all = candidates();
    if (!all.some((alert) => alert.id === selected)) selected = all.length === 1 ? all[0].id : null;
  }

  function shown() {
    const all = candidates();
    return all.find((alert) => alert.id === selected) ?? all[0] ?? null;
  }

  function choose(id) {
    if (candidates().some((alert) => alert.id === id)) selected = id;
    show();
    const row = document.querySelector(`#alert-queue [data-alert="${CSS.escape(id)}"]`);
    if (row) row.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const all = candidates();
    if (!all.length) return;
    const at = all.findIndex((alert) => alert.id === selected);
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
    choose(all[next].id);
  }

  // A server draws the rows (components/alert_banner.py): where its answer got lost, ask again until they are there.
  // More and more patiently, as a new question makes Dash forget the one before.
  let patienceMs = FIRST_PATIENCE_MS;
  let askedAt = 0;

  function ask() {
    askedAt = Date.now();
    driveops.setProps("alerts-shown", { data: { serial, alerts: driveops.alerts, selected } });
  }

  function show() {
    serial += 1;
    patienceMs = FIRST_PATIENCE_MS;
    ask();
  }

  function isDrawn(id) {
    const place = document.getElementById(id);
    return place === null || Number(place.dataset.serial ?? 0) === serial;
  }

  setInterval(() => {
    if (DRAWN_BY.every(isDrawn) || Date.now() - askedAt < patienceMs) return;
    patienceMs = Math.min(patienceMs * 2, LONGEST_PATIENCE_MS);
    ask();
  }, LOOK_MS);

  driveops.on("alerts", () => {
    settle();
    show();
  });

  driveops.choice = { shown, isChosen: () => selected !== null, choose, move };
})();
