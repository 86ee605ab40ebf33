// support/proxies.mjs: the real nginx and the real HAProxy, with the configurations of the guide.
//
// What docs/guides/behind-a-proxy.md shows is what runs here: only ports, paths and the gateway's
// address are replaced, and each of them must be there. The proxies connect from an address of their
// own, as they would on a machine of their own: clients' is 127.0.0.1.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Program, freePort } from "./process.mjs";

const GUIDE = fileURLToPath(new URL("../../docs/guides/behind-a-proxy.md", import.meta.url));
export const PROXY_ADDRESS = "127.0.0.2";
const PATH = `${process.env.PATH}:/usr/sbin`; // where Debian keeps servers

/** The guide's blocks of this language that contain all of `words`; there must be one. */
export function blockOf(language, ...words) {
  const blocks = readFileSync(GUIDE, "utf8").split(`\`\`\`${language}\n`).slice(1);
  const found = blocks
    .map((block) => block.slice(0, block.indexOf("```")))
    .filter((block) => words.every((word) => block.includes(word)));
  if (found.length !== 1) throw new Error(`${found.length} ${language} blocks with ${words}`);
  return found[0];
}

function replaceAll(text, replacements) {
  return replacements.reduce((out, [from, to]) => {
    if (!out.includes(from)) throw new Error(`the guide's block has no "${from}"`);
    return out.replaceAll(from, to);
  }, text);
}

export class Proxy {
  /** nginx with the guide's block in its `http` part; `edit` changes the block's text. */
  static async nginx(gateway, certificates, edit = (text) => text) {
    const proxy = await Proxy.#make();
    const block = replaceAll(blockOf("nginx"), [
      ["127.0.0.1:5000", `127.0.0.1:${gateway.port}`],
      ["listen 443 ssl", `listen 127.0.0.1:${proxy.port} ssl`],
      ["proxy_pass ", `proxy_bind ${PROXY_ADDRESS}; proxy_pass `],
      ["/etc/nginx/app.pem", certificates.certificateFile],
      ["/etc/nginx/app.key", certificates.keyFile],
    ]);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (kind) => `${kind}_temp_path ${proxy.#file(kind)};`,
    );
    const user = process.getuid() === 0 ? "user root;" : "";
    const text = `${user} pid ${proxy.#file("pid")}; error_log stderr; worker_processes 2;
      events {} http { access_log off; ${temporary.join(" ")} ${edit(block)} }`;
    writeFileSync(proxy.#file("nginx.conf"), text);
    const args = ["-e", "stderr", "-p", proxy.directory, "-c", proxy.#file("nginx.conf")];
    await proxy.#start("nginx", [...args, "-g", "daemon off;"]);
    return proxy;
  }

  /** HAProxy with `block`, whose server line is `server gateway 127.0.0.1:5000`. */
  static async haproxy(gateway, certificates, block) {
    const proxy = await Proxy.#make();
    const pem = proxy.#file("app.pem");
    const both = [certificates.certificateFile, certificates.keyFile];
    writeFileSync(pem, both.map((file) => readFileSync(file, "utf8")).join(""));
    const text = replaceAll(block, [
      ["127.0.0.1:5000", `127.0.0.1:${gateway.port} source ${PROXY_ADDRESS}`],
      ["bind :443", `bind 127.0.0.1:${proxy.port}`],
    ]).replaceAll("/etc/haproxy/app.pem", pem);
    writeFileSync(proxy.#file("haproxy.cfg"), `global\n    nbthread 2\n\n${text}`);
    await proxy.#start("haproxy", ["-db", "-f", proxy.#file("haproxy.cfg")]);
    return proxy;
  }

  static async #make() {
    const proxy = new Proxy();
    proxy.directory = mkdtempSync(path.join(tmpdir(), "outcry-proxy-"));
    proxy.port = await freePort();
    proxy.url = `https://localhost:${proxy.port}`;
    return proxy;
  }

  async #start(command, args) {
    this.program = await Program.start(command, args, { ports: [this.port], env: { PATH } });
  }

  #file(name) {
    return path.join(this.directory, name);
  }

  async stop() {
    await this.program.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
