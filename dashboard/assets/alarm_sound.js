// The alarm: three tones every 5 s while an alert is open. A browser plays nothing before the first click: until then, the badge says muted.
(() => {
  const REPEAT_MS = 5000;
  const TONES_HZ = [880, 660, 880];
  const TONE_S = 0.18;
  const KEY = "driveops_sound";
  let context = null;
  let wanted = localStorage.getItem(KEY) !== "off";
  let timer = null;
  let played = 0;
  let playedAt = -Infinity;
  let openBefore = new Set();

  const running = () => wanted && context !== null && context.state === "running";
  const openIds = () => window.driveops.alerts.filter((alert) => alert.state === "open").map((alert) => alert.id);
  const isAlarm = () => openIds().length > 0;

  function tone(frequency, start) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.type = "square";
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.25, start + 0.01);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + TONE_S);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + TONE_S);
  }

  function play() {
    // Never two over each other; by a clock that nobody sets.
    if (!running() || performance.now() - playedAt < TONES_HZ.length * TONE_S * 1000) return;
    playedAt = performance.now();
    TONES_HZ.forEach((frequency, index) => tone(frequency, context.currentTime + index * TONE_S));
    played += 1;
  }

  function follow() {
    const open = openIds();
    const isNew = open.some((id) => !openBefore.has(id));
    openBefore = new Set(open);
    if (isNew || !open.length) {
      clearInterval(timer);
      timer = null;
    }
    if (!isNew) return;
    play(); // each newcomer is heard at once
    timer = setInterval(play, REPEAT_MS);
  }

  let shown = null;
  function show() {
    const badge = document.getElementById("muted-badge");
    if (badge) badge.hidden = running();
    const button = document.getElementById("sound-switch");
    if (button) button.setAttribute("aria-pressed", String(running()));
    const texts = window.driveops.texts;
    if (!texts || shown === running()) return;
    shown = running();
    const look = shown ? { children: texts.sound_on, variant: "filled" } : { children: texts.sound_off, variant: "default" };
    window.driveops.setProps("sound-switch", look);
  }

  function start() {
    if (context === null) {
      context = new AudioContext();
      context.onstatechange = show;
    }
    // Refused before a click: the promise stays open, so nothing waits for it.
    context.resume().then(() => {
      show();
      if (isAlarm()) play();
    });
  }

  window.driveops.sound = {
    toggle() {
      wanted = !running();
      localStorage.setItem(KEY, wanted ? "on" : "off");
      if (wanted) start();
      show();
      return wanted;
    },
    state: () => ({ wanted, running: running(), alarm: timer !== null, played }),
  };

  // Ringing is the wish: whether it is heard is `sound.state().running`.
  window.driveops.alarm = { isRinging: () => timer !== null };

  // The browser lets a page sound from the first click or key on: whichever it is. The switch itself says what it wants.
  function wake(event) {
    if (wanted && !running() && !event.target.closest?.("#sound-switch")) start();
  }

  document.addEventListener("pointerdown", wake, true);
  document.addEventListener("keydown", wake, true);
  window.driveops.on("alerts", follow);
  if (wanted) start();
  setInterval(show, 1000);
})();
