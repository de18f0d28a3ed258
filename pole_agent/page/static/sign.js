// Signed approvals (Ed25519, docs/drone.md): the officer's key is read here and never leaves this browser.
import { t } from "./api.js";

const FOR_MS = 300000;
// What stands before the 32 bytes of a private key in PKCS #8 (RFC 8410)
const PKCS8 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const base64Of = (bytes) => btoa(String.fromCharCode(...bytes));

// The key of a file that `pole-agent drone key` has made.
export async function readKey(file) {
  if (!globalThis.crypto || !crypto.subtle) throw new Error(t("ui-key-needs-https"));
  let raw;
  try { raw = bytesOf((await file.text()).trim()); } catch { throw new Error(t("ui-key-invalid")); }
  if (raw.length !== 32) throw new Error(t("ui-key-invalid"));
  return crypto.subtle.importKey("pkcs8", new Uint8Array([...PKCS8, ...raw]), "Ed25519", false, ["sign"]);
}

// One fact a line: the pole builds the same text from its own request.
export function textOf(request, by, nonce, expires) {
  const { target } = request;
  const radius = request.origin === "patrol" ? target.radius_m : target.uncertainty_m;
  return ["pole-agent approval 1", `pole: ${request.pole}`, `request: ${request.request_id}`,
    `asked by: ${request.origin} ${request.rule}`,
    `place: ${target.latitude.toFixed(6)} ${target.longitude.toFixed(6)}`,
    `radius: ${radius.toFixed(1)} m`, `altitude above ground: ${target.altitude_agl_m.toFixed(1)} m`,
    `request expires: ${request.expires_at}`, `approved by: ${by}`, `nonce: ${nonce}`,
    `approval expires: ${expires}`].join("\n") + "\n";
}

export async function signed(key, request, by) {
  const nonce = base64Of(crypto.getRandomValues(new Uint8Array(18))).replaceAll("+", "-").replaceAll("/", "_");
  const expires = new Date(Date.now() + FOR_MS).toISOString();
  const text = new TextEncoder().encode(textOf(request, by, nonce, expires));
  return { nonce, expires_at: expires, value: base64Of(new Uint8Array(await crypto.subtle.sign("Ed25519", key, text))) };
}
