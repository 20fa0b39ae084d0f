// The bar at the top: connection, alarm count and title, colours, language, signing out.
(() => {
  const YEAR_S = 31536000;

  function remember(name, value) {
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
  }

  function currentScheme() {
    return document.documentElement.getAttribute("data-mantine-color-scheme") === "dark" ? "dark" : "light";
  }

  function tellGrid() {
    document.body.setAttribute("data-ag-theme-mode", currentScheme());
  }

  new MutationObserver(tellGrid).observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
  document.addEventListener("DOMContentLoaded", tellGrid);

  function trouble(vitals) {
    if (!vitals) return null;
    if (!vitals.database) return "no_database";
    if (!vitals.broker) return "no_broker";
    return vitals.ingest ? null : "no_ingest";
  }

  function openAlarms(alerts) {
    return (alerts || []).filter((alert) => alert.state === "open").length;
  }

  // Dash sets the title at each change of page: put the count back before it.
  let alarms = 0;
  function titled() {
    const bare = document.title.replace(/^\(\d+\) /, "");
    const wanted = alarms ? `(${alarms}) ${bare}` : bare;
    if (document.title !== wanted) document.title = wanted;
  }
  new MutationObserver(titled).observe(document.querySelector("title"), { childList: true });

  window.driveops.on("expires", ({ at }) =>
    window.driveops.withTexts((texts) => {
      const time = new Date(at).toLocaleTimeString(texts.language, { hour: "2-digit", minute: "2-digit" });
      window.driveops.notify(texts.session_ends, texts.sign_in_again.replace("{time}", time), "orange", "session-ends");
    }),
  );

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    driveops_frame: {
      connection(socket, vitals, texts) {
        document.documentElement.lang = texts.language;
        window.driveops.setTexts(texts);
        const state = socket ? socket.state : "connecting";
        if (state !== "open") return [texts[state] || texts.dead, state];
        const why = trouble(vitals);
        return why ? [texts[why], "degraded"] : [texts.live, "open"];
      },
      alarms(alerts) {
        alarms = openAlarms(alerts);
        titled();
        return [String(alarms), String(alarms)];
      },
      scheme() {
        const wanted = currentScheme() === "dark" ? "light" : "dark";
        remember("colour_scheme", wanted);
        return wanted;
      },
      language(code) {
        if (code !== document.documentElement.lang) {
          remember("language", code);
          window.location.reload();
        }
        return window.dash_clientside.no_update;
      },
      // Whether the button is disabled. Nobody may think that they are signed out while they are not.
      async sign_out(clicks) {
        if (!clicks) return window.dash_clientside.no_update;
        const refusal = await window.driveops.post("/logout");
        if (refusal === null) window.location.assign("/login");
        else window.driveops.notify(window.driveops.texts.still_signed_in, "", "red");
        return refusal === null;
      },
      sound(clicks) {
        if (clicks) window.driveops.sound.toggle();
        return window.dash_clientside.no_update;
      },
    },
  });
})();
