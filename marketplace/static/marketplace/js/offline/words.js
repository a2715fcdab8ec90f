// The sentences of the page, in the language in which the server wrote them into it; times as people here read them.

const said = JSON.parse(document.getElementById("words").textContent);

export function say(name, values = {}) {
  const found = said[name];
  const text = typeof found === "string" ? found : found[values.n === 1 ? "one" : "other"];
  return text.replace(/%\((\w+)\)s/g, (_, key) => values[key]);
}

const day = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" });
const time = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(document.documentElement.lang.startsWith("zh") ? "zh-CN" : "en-GB", {
  timeZone: "Asia/Shanghai",
  month: "short",
  day: "numeric",
});
const DAY = 24 * 3600 * 1000;

// 今天 15:36, 明天 15:36, 11月24日 15:36
export function moment(at, now) {
  const which = { [day.format(now)]: say("today"), [day.format(now + DAY)]: say("tomorrow") }[day.format(at)];
  return `${which ?? date.format(at)} ${time.format(at)}`;
}

export const yuan = (fen) =>
  (fen / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
