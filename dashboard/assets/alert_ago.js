// The times since: counted here, by the server's clock, so that nothing is rendered anew each second.
(() => {
  function words(seconds) {
    const minutes = Math.floor(seconds / 60);
    if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
  }

  setInterval(() => {
    for (const ago of document.querySelectorAll(".ago[data-since]")) {
      const seconds = Math.floor((window.driveops.serverNow() - Number(ago.dataset.since)) / 1000);
      ago.textContent = words(Math.max(0, seconds));
    }
  }, 1000);
})();
