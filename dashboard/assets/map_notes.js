/* Lines of text over the map, one for each reason. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});

  class Notes {
    constructor(element) {
      this.element = element;
    }
    find(reason) {
      return this.element.querySelector(`[data-note="${reason}"]`);
    }
    has(reason) {
      return Boolean(this.find(reason));
    }
    /* No text takes the line away. A text that differs in its numbers alone is shown, but not spoken again. */
    say(reason, text, role = "status") {
      const node = this.find(reason);
      if (!text) return void node?.remove();
      const [shown, spoken] = (node ?? this.add(reason, role)).children;
      if (shown.textContent !== text) shown.textContent = text;
      if (wordsOf(spoken.textContent) !== wordsOf(text)) spoken.textContent = text;
    }
    add(reason, role) {
      const node = Object.assign(document.createElement("div"), { className: "map-note" });
      const [shown, spoken] = [document.createElement("span"), Object.assign(document.createElement("span"), { className: "unseen" })];
      node.dataset.note = reason;
      node.setAttribute("role", role);
      shown.setAttribute("aria-hidden", "true");
      node.append(shown, spoken);
      this.element.append(node);
      return node;
    }
  }

  const wordsOf = (text) => text.replace(/[0-9]+/g, "");

  driveops.MapNotes = Notes;
})();
