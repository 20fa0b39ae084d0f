// Which alert is meant: the one that the banner shows and that the keys act on.
// driveops.choice: .shown(), .chosenId(), .mayAct(), .hasJustChanged(), .choose(id), .move(step); 'choice' on the bus when any of it changed.
(() => {
  const QUIET_MS = 5000;
  const REACTION_MS = 700;
  const driveops = window.driveops;
  let selected = null;
  let shownId = null;
  let changedAt = -Infinity; // when another alert, or none, took the place of the shown one without its reader's doing

  // Taken alerts wait while somebody's is open.
  function candidates() {
    const open = driveops.alerts.filter((alert) => alert.state === "open");
    return open.length ? open : driveops.alerts;
  }

  // THE rule: a key acts on the alert that its reader has chosen by a key or click, while the banner shows it. Whatever
  // comes into the banner otherwise is not chosen: the next key chooses it and does no more, so that no key meant for one
  // alert hits another. Only an alert that comes alone, where nothing has been for a while, is chosen as it comes.
  function settle() {
    const all = candidates();
    if (!all.some((alert) => alert.id === selected)) {
      const isFirst = shownId === null && performance.now() - changedAt > QUIET_MS;
      selected = isFirst && all.length === 1 ? all[0].id : null;
    }
    const next = shown()?.id ?? null;
    if (shownId !== null && next !== shownId) changedAt = performance.now();
    shownId = next;
  }

  function shown() {
    const all = candidates();
    return all.find((alert) => alert.id === selected) ?? all[0] ?? null;
  }

  function choose(id) {
    if (candidates().some((alert) => alert.id === id)) selected = shownId = id;
    driveops.emit("choice");
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

  driveops.on("alerts", () => {
    settle();
    driveops.emit("choice");
  });

  driveops.choice = {
    shown,
    chosenId: () => selected,
    mayAct: () => selected !== null && driveops.drawnAlert() === selected,
    hasJustChanged: () => performance.now() - changedAt < REACTION_MS,
    choose,
    move,
  };
})();
