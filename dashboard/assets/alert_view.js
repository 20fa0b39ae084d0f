// The banner on every page with the queue folded in it, the queue of /alerts, and what a screen reader says of both.
// Drawn here from the live socket's list: what rings is shown, whatever becomes of other requests.
// driveops.drawnAlert() → the id of the alert that the banner shows, or null.
(() => {
  const LOOK_MS = 200;
  const MOST_SPOKEN = 8;
  const driveops = window.driveops;
  const shownRow = driveops.alertRows("alert");
  const otherRows = driveops.alertRows("other");
  const queueRows = driveops.alertRows("alert");
  const shownList = driveops.element("ul");
  const summary = driveops.element("summary", "more");
  const otherList = driveops.element("ul");
  const others = driveops.element("details", "alert-others", summary, otherList);
  const queueList = driveops.element("ul");
  const nobody = driveops.element("p", "quiet");
  let isHeard = false; // before the first list, nobody knows whether somebody needs help
  let drawnIn = [];

  const isOpen = (alert) => alert.state === "open";
  const places = () => [document.getElementById("alert-banner"), document.getElementById("alert-queue"), driveops.texts];

  function drawBanner(banner, shown, chosenId) {
    if (shown === null) return driveops.arrange(banner, []);
    const rest = driveops.alerts.filter((alert) => alert.id !== shown.id);
    const open = rest.filter(isOpen);
    driveops.arrange(shownList, shownRow([shown], chosenId));
    driveops.arrange(otherList, otherRows(rest, null));
    if (rest.length) summary.textContent = open.length ? driveops.wording.others("more_open", open) : driveops.wording.others("more_taken", rest);
    driveops.arrange(banner, rest.length ? [shownList, others] : [shownList]);
  }

  function drawQueue(queue, chosenId) {
    nobody.textContent = driveops.texts.alerts.nobody;
    queueList.setAttribute("aria-label", driveops.texts.alerts.title);
    driveops.arrange(queueList, queueRows(driveops.alerts, chosenId));
    const word = isHeard ? [nobody] : [];
    driveops.arrange(queue, driveops.alerts.length ? [queueList] : word);
  }

  // Newcomers by name and place, as they came; then who is shown now, where that is another.
  let openBefore = new Set();
  let shownBefore = null;

  function speak(shown) {
    const region = document.getElementById("alert-spoken");
    const newcomers = driveops.alerts.filter((alert) => isOpen(alert) && !openBefore.has(alert.id));
    newcomers.sort((one, other) => Date.parse(one.last_press_at) - Date.parse(other.last_press_at));
    const sentences = newcomers.map(driveops.wording.spoken);
    if (shown && shown.id !== shownBefore && !newcomers.includes(shown)) {
      sentences.push(`${driveops.wording.who(shown)}, ${driveops.wording.state(shown)}`);
    }
    openBefore = new Set(driveops.alerts.filter(isOpen).map((alert) => alert.id));
    shownBefore = shown?.id ?? null;
    region.append(...sentences.map((sentence) => driveops.element("span", "", `${sentence}. `)));
    while (region.childNodes.length > MOST_SPOKEN || (region.firstChild && !driveops.alerts.length)) region.firstChild.remove();
  }

  function draw() {
    const [banner, queue, texts] = (drawnIn = places());
    if (!banner || !texts) return;
    const shown = driveops.choice.shown();
    drawBanner(banner, shown, driveops.choice.chosenId());
    if (queue) drawQueue(queue, driveops.choice.chosenId());
    speak(shown);
    driveops.countAgo();
  }

  driveops.on("alerts", () => (isHeard = true));
  driveops.on("choice", draw);

  // Pages come and go without a word to scripts.
  setInterval(() => places().some((place, index) => place !== drawnIn[index]) && draw(), LOOK_MS);

  driveops.drawnAlert = () => {
    const row = shownList.firstElementChild;
    return row?.closest("#alert-banner")?.isConnected ? row.dataset.alert : null;
  };
})();
