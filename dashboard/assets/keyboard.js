// Alerts by keyboard and by button: choose (arrows, j, k), acknowledge (a), resolve (r), show on the map (z).
(() => {
  const driveops = window.driveops;

  // The rule stands in alert_choice.js.
  function act(action) {
    const alert = driveops.choice.shown();
    if (driveops.choice.mayAct()) driveops.act(action, alert);
    else driveops.choice.choose(alert.id);
  }

  const ARROWS = { ArrowDown: () => driveops.choice.move(1), ArrowUp: () => driveops.choice.move(-1) };
  const LETTERS = {
    j: ARROWS.ArrowDown,
    k: ARROWS.ArrowUp,
    a: () => act("acknowledge"),
    r: () => act("resolve"),
    z: () => act("locate"),
  };

  // Where letters are text. A list to choose from is a field that nobody writes in, and keeps the focus.
  const WRITING =
    "textarea, select, [role=dialog], [role=menu], [role=listbox], [aria-expanded=true][aria-haspopup=listbox], " +
    "input:not([type=radio], [type=checkbox], [type=button], [readonly])";
  // What arrows move by themselves.
  const MOVING = "[role=radiogroup], [role=grid], .ag-root-wrapper, .maplibregl-canvas, [aria-haspopup=listbox]";

  function workOf(event) {
    const target = event.target;
    if (target.isContentEditable || target.closest(WRITING)) return undefined;
    if (event.key in ARROWS) return target.closest(MOVING) ? undefined : ARROWS[event.key];
    return event.key.length === 1 ? LETTERS[event.key.toLowerCase()] : undefined;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !driveops.alerts.length) return;
    if (document.querySelector("[role=dialog], dialog[open]")) return;
    const work = workOf(event);
    if (!work) return;
    event.preventDefault();
    work();
  });

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-alert], [data-other]");
    const alert = row && driveops.alerts.find((one) => one.id === (row.dataset.alert ?? row.dataset.other));
    if (!alert) return;
    const button = event.target.closest("[data-action]");
    // Aimed at the alert that was there a moment ago.
    const isAstray = row.closest("#alert-banner") !== null && driveops.choice.hasJustChanged();
    driveops.choice.choose(alert.id);
    if (button && !isAstray) driveops.act(button.dataset.action, alert);
  });
})();
