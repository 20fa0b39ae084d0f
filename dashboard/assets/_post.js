// Requests that change something, and short messages about them at the edge of the page.
// driveops.post(path, body) → null where it was done, or {code, message} of why not; .notify(title, message, color, stays).
(() => {
  const LIMIT_MS = 20000;
  const SHOWN_MS = 6000;
  let told = 0;

  function cookie(name) {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  async function refusalOf(answer) {
    try {
      return (await answer.json()).error;
    } catch {
      return { code: `status_${answer.status}`, message: "" }; // no answer of the API's own shape
    }
  }

  window.driveops.post = async (path, body) => {
    const headers = { "X-CSRFToken": cookie("_csrf_token"), "Content-Type": "application/json" };
    try {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const answer = await fetch(path, { method: "POST", headers, body: text, signal: AbortSignal.timeout(LIMIT_MS) });
      return answer.ok ? null : ((await refusalOf(answer)) ?? { code: `status_${answer.status}`, message: "" });
    } catch (error) {
      return { code: "no_answer", message: String(error) };
    }
  };

  // One that `stays` is there, once, until somebody closes it: the word is its name.
  window.driveops.notify = (title, message, color, stays = null) => {
    const notice = { action: "show", id: stays ?? `notice-${++told}`, title, message, color, autoClose: stays ? false : SHOWN_MS };
    notice.closeButtonProps = { "aria-label": window.driveops.texts.close };
    window.driveops.setProps("notifications", { sendNotifications: [notice] });
  };
})();
