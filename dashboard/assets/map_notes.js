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
    /* No text takes the line away. */
    say(reason, text, role = "status") {
      const node = this.find(reason);
      if (!text) return void node?.remove();
      const line = node ?? this.add(reason, role);
      if (line.textContent !== text) line.textContent = text;
    }
    add(reason, role) {
      const node = Object.assign(document.createElement("div"), { className: "map-note" });
      node.dataset.note = reason;
      node.setAttribute("role", role);
      this.element.append(node);
      return node;
    }
  }

  driveops.MapNotes = Notes;
})();
