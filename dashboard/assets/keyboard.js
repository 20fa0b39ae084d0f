// Alerts by keyboard and by button: choose (arrows, j, k), acknowledge (a), resolve (r), show on the map (z).
(() => {
  const driveops = window.driveops;

  // A key acts on the alert that the banner shows (alert_choice.js), once that is chosen.
  function act(action) {
    const alert = driveops.choice.shown();
    if (driveops.choice.isChosen()) driveops.act(action, alert);
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

  // Where letters are text.
  const WRITING = "textarea, select, [role=dialog], [role=menu], [role=listbox], input:not([type=radio], [type=checkbox], [type=button])";
  // What arrows move by themselves.
  const MOVING = "[role=radiogroup], [role=grid], .ag-root-wrapper, .maplibregl-canvas";

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
    const row = event.target.closest("[data-alert]");
    const alert = row && driveops.alerts.find((one) => one.id === row.dataset.alert);
    if (!alert) return;
    driveops.choice.choose(alert.id);
    const button = event.target.closest("[data-action]");
    if (button) driveops.act(button.dataset.action, alert);
  });
})();
