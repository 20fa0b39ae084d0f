/* What the map asks the server for besides the socket: each address again until it answers, more and more patiently. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const FIRST_WAIT_MS = 2_000;
  const LONGEST_WAIT_MS = 60_000;

  async function asked(address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
    return answer.json();
  }

  class Reads {
    /* `failing` is told whether anything is missing. */
    constructor(failing) {
      this.failing = failing;
      this.waits = new Map(); // by address: the timer of the next try
      this.isOver = false;
    }
    /* `take` gets the answer; a new question for an address replaces the one that waits. */
    async read(address, take, waitMs = FIRST_WAIT_MS) {
      this.forget(address);
      try {
        const answer = await asked(address);
        if (this.isOver) return;
        take(answer);
      } catch (error) {
        if (this.isOver) return;
        console.warn("map:", error.message);
        this.waits.set(address, setTimeout(() => this.read(address, take, Math.min(2 * waitMs, LONGEST_WAIT_MS)), waitMs));
      }
      this.failing(this.waits.size > 0);
    }
    forget(address) {
      clearTimeout(this.waits.get(address));
      this.waits.delete(address);
    }
    end() {
      this.isOver = true;
      for (const address of [...this.waits.keys()]) this.forget(address);
    }
  }

  driveops.MapReads = Reads;
})();
