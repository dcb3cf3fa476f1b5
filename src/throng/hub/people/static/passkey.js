// Passkeys on the pages for signing in, setting up and one's account: what the hub asks goes to the browser, what it answers goes back.

const bytesOf = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};

const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const withBytes = (options) => ({
  ...options,
  challenge: bytesOf(options.challenge),
  ...(options.user && { user: { ...options.user, id: bytesOf(options.user.id) } }),
  ...(options.excludeCredentials && { excludeCredentials: options.excludeCredentials.map((one) => ({ ...one, id: bytesOf(one.id) })) }),
  ...(options.allowCredentials && { allowCredentials: options.allowCredentials.map((one) => ({ ...one, id: bytesOf(one.id) })) }),
});

const plainOf = (credential) => {
  const response = { clientDataJSON: textOf(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const value = credential.response[name];
    if (value) response[name] = textOf(value);
  }
  return { id: credential.id, rawId: textOf(credential.rawId), type: credential.type, response };
};

const post = async (path, body) => {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(typeof told.detail === "string" ? told.detail : "");
  return told;
};

const sign = async () => {
  const { options } = await post("/sign-in/passkey/options", {});
  const credential = await navigator.credentials.get({ publicKey: withBytes(options) });
  await post("/sign-in/passkey", { credential: plainOf(credential) });
};

const make = async () => {
  const link = { code: document.getElementById("code").value, name: document.getElementById("name").value };
  const { options } = await post("/set-up/passkey/options", link);
  const credential = await navigator.credentials.create({ publicKey: withBytes(options) });
  await post("/set-up/passkey", { ...link, label: "", credential: plainOf(credential) });
};

const add = async () => {
  const { options } = await post("/api/v1/me/passkeys/options", {});
  const credential = await navigator.credentials.create({ publicKey: withBytes(options) });
  await post("/api/v1/me/passkeys", { label: document.getElementById("label").value, credential: plainOf(credential) });
};

const prove = async () => {
  const { options } = await post("/api/v1/me/proof/passkey/options", {});
  const credential = await navigator.credentials.get({ publicKey: withBytes(options) });
  await post("/api/v1/me/proof/passkey", { credential: plainOf(credential) });
};

// The button carries the sentences in the language of the page; what the hub refuses comes in English.
const sentenceOf = (error, { cancelled, known, failed }) => {
  if (error.name === "NotAllowedError") return cancelled;
  if (error.name === "InvalidStateError") return known;
  const told = error.message || failed;
  return `${told[0].toUpperCase()}${told.slice(1)}${/[.!。]$/.test(told) ? "" : "."}`;
};

const WAYS = { sign, make, add, prove };

for (const button of document.querySelectorAll("button[data-passkey]")) {
  const problem = document.getElementById("problem");
  const part = button.closest("[hidden]");
  if (!window.PublicKeyCredential) continue;
  if (part) part.hidden = false;
  button.addEventListener("click", async () => {
    problem.textContent = "";
    button.disabled = true;
    try {
      await WAYS[button.dataset.passkey]();
      location.replace(button.dataset.next || "/");
    } catch (error) {
      problem.textContent = sentenceOf(error, button.dataset);
      button.disabled = false;
    }
  });
}
