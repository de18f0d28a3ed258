// The frame: login, views, language, and the stream of what is now.
import { html, render, useEffect, useState } from "./vendor/preact.js";
import { clock, get, language, languageWanted, post, speak, t, whoAmI } from "./api.js";
import { Desk, useSound } from "./desk.js";
import { CityMap } from "./map.js";
import { Audit, Incidents, Poles, Proof } from "./tables.js";
import { words } from "./words.js";

const NAMES = { en: "English", id: "Indonesia" };
const VIEWS = { desk: Desk, map: CityMap, poles: Poles, incidents: Incidents, proof: Proof, audit: Audit };
const LOST_MS = 25000; // the board speaks at least every ten seconds
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
  return html`<form class="login card" onSubmit=${enter}><h2>${t("login")}</h2>
    <label class="field"><span>${t("name")}</span><input name="name" autocomplete="username" required value=${name} onInput=${(e) => setName(e.target.value)} /></label>
    <label class="field"><span>${t("password")}</span><input name="password" type="password" autocomplete="current-password" required value=${password} onInput=${(e) => setPassword(e.target.value)} /></label>
    <button class="main">${t("enter")}</button><p class="problem" role="alert">${problem}</p></form>`;
}

function useLive(wanted, onOther) {
  const [live, setLive] = useState(null);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (!wanted) { setLive(null); return undefined; }
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

function useHash(allowed) {
  const here = () => (allowed.includes(location.hash.slice(1)) ? location.hash.slice(1) : allowed[0]);
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
  const who = () => whoAmI().then(setMe).catch(() => {}); // the stream says that the board is not heard
  const say = (to) => { speak(to); setSpoken(to); };
  useEffect(() => { say(languageWanted()); who(); }, []);
  const [live, lost] = useLive(Boolean(me && me.name), who);
  const view = useHash(Object.keys(VIEWS));
  const deaf = live && !live.writer.hears;
  const calling = lost || deaf || Boolean(live && live.cases.some((c) => c.calls && c.severity === "alarm"));
  const [sound, setSound] = useSound(calling);
  if (!me) return html`<p class="loading" role="status">…</p>`;
  const View = VIEWS[view];
  const leave = () => post("/api/logout", {}).then(who, who);
  const shown = Object.keys(VIEWS).filter((name) => name !== "audit" || me.rights.includes("audit"));
  return html`
    <header class="top"><h1>${me.prefix || "City · Kota"}</h1>
      ${me.name && html`<span class=${lost ? "badge bad" : "badge good"} role="status">${lost ? "✗" : "●"} ${lost ? "" : t("connected")}</span>`}
      <span class="grow"></span>
      ${me.name && html`<button aria-pressed=${sound} data-sounding=${String(sound && calling)} id="sound" onClick=${() => setSound(!sound)}>${t(sound ? "sound-off" : "sound-on")}</button>`}
      <label><span class="hidden">${t("language")}</span><select value=${language()} onChange=${(e) => say(e.target.value)}>
        ${Object.keys(words).map((code) => html`<option value=${code}>${NAMES[code]}</option>`)}</select></label>
      ${me.name && html`<span class="soft">${me.name}</span><button onClick=${leave}>${t("leave")}</button>`}
    </header>
    ${!me.name ? html`<main id="main"><${Login} onDone=${who} /></main>` : html`
      <nav class="views" aria-label=${t("views")}>${shown.map((name) => html`<a href=${`#${name}`} aria-current=${view === name ? "page" : undefined}>${t(name)}</a>`)}</nav>
      <main id="main">
        ${lost && html`<p class="banner bad" role="alert">${t("lost")}</p>`}
        ${deaf && html`<p class="banner bad" role="alert">${t("writer-deaf", { at: clock(live.writer.at), why: live.writer.why || t("writer-dead") })}</p>`}
        ${live ? html`<${View} me=${me} live=${live} sound=${sound} get=${get} key=${view} />` : html`<p class="loading" role="status">…</p>`}
      </main>`}`;
}

render(html`<${App} />`, document.getElementById("page"));
