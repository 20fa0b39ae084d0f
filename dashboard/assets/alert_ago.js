// The times since: counted here, by the server's clock. driveops.countAgo() counts at once.
(() => {
  window.driveops.countAgo = () => {
    for (const ago of document.querySelectorAll(".ago[data-since]")) {
      const seconds = Math.floor((window.driveops.serverNow() - Number(ago.dataset.since)) / 1000);
      ago.textContent = window.driveops.wording.duration(seconds);
    }
  };

  setInterval(window.driveops.countAgo, 1000);
})();
