// Rows of alerts: one element for each alert, never another alert's, so that no finger or focus is on a button that has
// changed its person. Text only goes in as text.
// driveops.alertRows(name) → (alerts, chosenId) → their rows, each with its id in `data-{name}`; driveops.arrange(parent, children).
(() => {
  const MARKS = { open: "▲", acknowledged: "◆" };
  const driveops = window.driveops;

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  function button(action, key) {
    const made = element("button", `action ${action}`, driveops.texts.alerts[action], " ", element("kbd", "", key));
    made.type = "button";
    made.dataset.action = action;
    made.setAttribute("aria-keyshortcuts", key.toLowerCase());
    return made;
  }

  function make(name, id) {
    const row = element("li", "alert-row");
    const mark = element("span", "alert-mark");
    mark.setAttribute("aria-hidden", "true");
    const parts = { mark, who: element("strong"), headline: element("span"), ago: element("span", "ago") };
    parts.facts = element("div", "alert-facts");
    parts.buttons = element("div", "alert-buttons");
    parts.acknowledge = button("acknowledge", "A");
    parts.resolve = button("resolve", "R");
    parts.locate = button("locate", "Z");
    row.append(mark, element("div", "alert-what", parts.who, parts.headline), parts.facts, parts.buttons);
    row.dataset[name] = id;
    return { row, parts };
  }

  function buttonsOf(alert, parts) {
    const found = [];
    if (driveops.texts.alerts.may_handle && alert.state === "open") found.push(parts.acknowledge);
    if (driveops.texts.alerts.may_handle) found.push(parts.resolve);
    if (alert.lat !== null) found.push(parts.locate);
    return found;
  }

  function update({ row, parts }, alert, isChosen) {
    const wording = driveops.wording;
    row.dataset.state = alert.state;
    row.setAttribute("aria-current", String(isChosen));
    parts.mark.textContent = MARKS[alert.state] ?? "";
    parts.who.textContent = wording.who(alert);
    parts.headline.textContent = wording.headline(alert);
    parts.ago.dataset.since = String(Date.parse(alert.raised_at));
    const facts = wording.facts(alert).map((fact) => element("span", "", fact));
    parts.facts.replaceChildren(element("span", "", wording.state(alert)), parts.ago, ...facts);
    driveops.arrange(parts.buttons, buttonsOf(alert, parts));
    return row;
  }

  driveops.alertRows = (name) => {
    const kept = new Map();
    return (alerts, chosenId) => {
      const ids = new Set(alerts.map((alert) => alert.id));
      for (const id of [...kept.keys()]) if (!ids.has(id)) kept.delete(id);
      return alerts.map((alert) => {
        if (!kept.has(alert.id)) kept.set(alert.id, make(name, alert.id));
        return update(kept.get(alert.id), alert, alert.id === chosenId);
      });
    };
  };

  // What stays is not touched; what has the focus keeps it, also where it moves. What goes takes it along to nowhere.
  driveops.arrange = (parent, children) => {
    const focused = document.activeElement;
    for (const child of [...parent.childNodes]) if (!children.includes(child)) child.remove();
    children.forEach((child, place) => {
      if (parent.childNodes[place] !== child) parent.insertBefore(child, parent.childNodes[place] ?? null);
    });
    if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
  };

  driveops.element = element;
})();
