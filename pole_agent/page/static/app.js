// The frame of the page: login, the five views, language, light and dark, and the stream of what is now.
import { html, render, useEffect, useState } from "./vendor/preact.js";
import { language, languages, languageWanted, post, setZone, speak, t, whoAmI } from "./api.js";
import { Commission } from "./commission.js";
import { Drone } from "./drone.js";
import { Health } from "./health.js";
import { Now } from "./now.js";
import { SetUp } from "./setup.js";
import { Tonight } from "./tonight.js";

const VIEWS = { now: Now, tonight: Tonight, setup: SetUp, drone: Drone, health: Health, commission: Commission };
const names = () => ({ now: t("ui-now"), tonight: t("ui-tonight"), setup: t("ui-setup"), drone: t("ui-drone"), health: t("ui-health") });
const LOST_MS = 5000; // the pole speaks each second
const AGAIN_MS = 2000;

function Login({ onDone }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const enter = (event) => {
    event.preventDefault();
    setProblem("");
    post("/api/login", { name, password }).then(onDone, (error) => setProblem(error.message));
  };
  return html`<form class="login card" onSubmit=${enter}><h2>${t("ui-login")}</h2>
    <label class="field"><span>${t("ui-name")}</span><input name="name" autocomplete="username" required value=${name} onInput=${(e) => setName(e.target.value)} /></label>
    <label class="field"><span>${t("ui-password")}</span><input name="password" type="password" autocomplete="current-password" required value=${password} onInput=${(e) => setPassword(e.target.value)} /></label>
    <button class="main">${t("ui-enter")}</button><p class="problem" role="alert">${problem}</p></form>`;
}

// What is now, and whether the pole is heard.
function useLive(wanted, onOther) {
  const [live, setLive] = useState(null);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (!wanted) return undefined;
    let source = null;
    let heard = Date.now();
    const open = () => {
      source = new EventSource("/api/live");
      source.onmessage = (event) => { heard = Date.now(); setLost(false); setLive(JSON.parse(event.data)); };
    };
    open();
    const timer = setInterval(() => {
      if (Date.now() - heard > LOST_MS) setLost(true);
      if (source.readyState === EventSource.CLOSED) { source.close(); onOther(); open(); }
    }, AGAIN_MS);
    return () => { clearInterval(timer); source.close(); };
  }, [wanted]);
  return [live, lost];
}

function useHash() {
  const here = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : "now");
  const [hash, setHash] = useState(here());
  useEffect(() => {
    const follow = () => setHash(here());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return hash;
}

function App() {
  const [me, setMe] = useState(null);
  const [, setSpoken] = useState("");
  const who = () => whoAmI().then((found) => {
    if (found.pole.timezone) setZone(found.pole.timezone);
    document.documentElement.toggleAttribute("data-dark", found.dark);
    document.title = `${found.pole.name} · pole-agent`;
    setMe(found);
  }).catch(() => {}); // the stream says that the pole is not heard
  const view = useHash();
  const [live, lost] = useLive(Boolean(me && me.name), who);
  const say = (to) => speak(to).then(() => setSpoken(to));
  useEffect(() => { say(languageWanted()).then(who); const timer = setInterval(who, 60000); return () => clearInterval(timer); }, []);
  useEffect(() => { if (live) document.documentElement.toggleAttribute("data-dark", live.dark); }, [live && live.dark]);
  useEffect(() => { if (live && me && live.version !== me.pole.version) who(); }, [live && live.version]);
  if (!me) return html`<p class="loading" role="status">…</p>`;
  const View = VIEWS[view];
  const leave = () => post("/api/logout", {}).then(who, who);
  return html`
    <header class="top"><h1>${me.pole.name}</h1>
      ${me.pole.simulation && html`<span class="badge warn">${t("ui-simulation")}</span>`}
      ${me.name && html`<span class=${lost ? "badge bad" : "badge good"} role="status">${lost ? `✗ ${t("ui-lost")}` : `● ${t("ui-connected")}`}</span>`}
      <span class="grow"></span>
      ${live && Object.keys(live.degraded).length > 0 && html`<a class="badge bad" href="#health">▲ ${t("ui-degraded", { count: Object.keys(live.degraded).length })}</a>`}
      <label><span class="hidden">${t("ui-language")}</span><select value=${language()} onChange=${(e) => say(e.target.value).then(who)}>
        ${Object.entries(languages).map(([code, name]) => html`<option value=${code}>${name}</option>`)}</select></label>
      ${me.name && me.role !== "demo" && html`<span class="soft">${me.name}</span><button onClick=${leave}>${t("ui-leave")}</button>`}
    </header>
    ${!me.name ? html`<main id="main"><div class="card"><${Login} onDone=${who} /></div></main>` : html`
      <nav class="views" aria-label=${t("ui-views")}>${Object.entries(names()).map(([code, name]) => html`<a href=${`#${code}`} aria-current=${view === code ? "page" : undefined}>${name}</a>`)}</nav>
      <main id="main">
        ${lost && html`<p class="banner bad" role="alert">${t("ui-lost-words")}</p>`}
        ${live && live.clock && html`<p class="banner">${t("ui-clock-untrusted")} ${live.clock}</p>`}
        <${View} me=${me} live=${live} key=${view} />
      </main>`}`;
}

render(html`<${App} />`, document.getElementById("page"));
