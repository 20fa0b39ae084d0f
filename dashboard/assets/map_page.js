/* What the callbacks of the map's page call: the list, the card and the map tell each other what is selected. */
(() => {
  "use strict";
  const driveops = (window.driveops = window.driveops || {});
  const NO_UPDATE = () => window.dash_clientside.no_update;

  function chosen(clicked, rows) {
    const by_row = window.dash_clientside.callback_context.triggered[0]?.prop_id.endsWith("selectedRows");
    const id = by_row ? rows?.[0]?.id : clicked?.rowId;
    document.getElementById("unit-side")?.classList.remove("open");
    return id === undefined ? NO_UPDATE() : Number(id);
  }

  const toggle = (clicks) => (document.getElementById("unit-side")?.classList.contains("open") || !clicks ? "map-side" : "map-side open");

  function told(what) {
    return (value) => {
      driveops.map[what](value ?? null);
      return value === null || value === undefined ? "" : String(value);
    };
  }

  const close = (clicks) => (clicks ? [null, false] : NO_UPDATE());
  const namespace = { chosen, toggle, close, select: told("select"), follow: told("follow"), flawed: told("flawed") };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { driveops_map: namespace });
})();
