// What an alert says to a reader, in the page's language: made of its parts, as its own text is English.
// driveops.wording: .who(alert), .headline(alert), .state(alert), .facts(alert), .spoken(alert), .names(alerts), ….
(() => {
  const MOST_NAMES = 3;
  const driveops = window.driveops;
  const words = () => driveops.texts.alerts;

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  // The form of a text that a count needs.
  function plural(forms, count, values = {}) {
    const form = new Intl.PluralRules(driveops.texts.language).select(count);
    return fill(forms[form] ?? forms.other, { count, ...values });
  }

  function duration(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const two = (number) => String(number).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
    return minutes ? `${minutes} min ${two(whole % 60)} s` : `${whole} s`;
  }

  function who(alert) {
    return alert.who ?? fill(words().fob_on_device, { fob: alert.fob, device: alert.device_name });
  }

  // One that this page does not know is told as it is: it must not keep an alert from being seen. So with remarks.
  function headline(alert) {
    const known = Object.entries(words().headlines).find(([text]) => alert.text.startsWith(text.split("{who}")[0]));
    return known ? fill(known[1], { who: who(alert) }) : alert.text;
  }

  function state(alert) {
    if (alert.state === "acknowledged") return fill(words().taken_by, { who: alert.acknowledged_by });
    if (alert.state === "resolved") return fill(words().resolved_by, { who: alert.resolved_by });
    return words().open;
  }

  function facts(alert) {
    const found = alert.remarks.map((remark) => words().remarks[remark] ?? remark);
    if (alert.cancelled_by_device_at) found.push(words().cancelled);
    if (alert.press_count > 1) found.push(plural(words().presses, alert.press_count));
    if (alert.location_age_s !== null) found.push(fill(words().position_age, { age: duration(alert.location_age_s) }));
    return found;
  }

  function names(alerts) {
    const first = alerts.slice(0, MOST_NAMES).map(who).join(", ");
    return alerts.length > MOST_NAMES ? fill(words().and_more, { names: first, count: alerts.length - MOST_NAMES }) : first;
  }

  // No time in it that counts: it is said once.
  function spoken(alert) {
    const values = { what: headline(alert), device: alert.device_name };
    if (alert.lat === null) return fill(words().spoken_nowhere, values);
    return fill(words().spoken, { ...values, lat: alert.lat.toFixed(4), lon: alert.lon.toFixed(4) });
  }

  const others = (forms, alerts) => plural(words()[forms], alerts.length, { names: names(alerts) });

  driveops.wording = { fill, duration, who, headline, state, facts, names, spoken, others };
})();
