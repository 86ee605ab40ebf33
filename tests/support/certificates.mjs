// support/certificates.mjs: a certificate authority of the test's own, made with openssl.
//
//   root (what clients trust) ─▶ intermediate ─▶ localhost, 127.0.0.1
//
// As in production the server's file holds its own certificate and the intermediate, not the root.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export class Certificates {
  constructor() {
    this.directory = mkdtempSync(path.join(tmpdir(), "outcry-certificates-"));
    this.#openssl("req", "-x509", ...KEY, "-days", "2", "-subj", "/CN=root");
    this.#rename("root");
    this.#issue("intermediate", "root", "basicConstraints = critical, CA:TRUE");
    this.renew();
    this.certificateFile = this.#file("server.chain");
    this.keyFile = this.#file("server.key");
    this.rootFile = this.#file("root.pem");
    this.root = this.#read("root.pem");
  }

  /** Of the gateway's configuration. */
  get server() {
    return { tls_certificate_file: this.certificateFile, tls_key_file: this.keyFile };
  }

  /** Puts a new certificate with a new key into the server's files. */
  renew() {
    this.issue("server", "DNS:localhost, IP:127.0.0.1");
  }

  /** A certificate for these alternative names: {certificateFile, keyFile}. */
  issue(name, alternativeNames) {
    this.#issue(name, "intermediate", `subjectAltName = ${alternativeNames}`);
    const certificateFile = this.#file(`${name}.chain`);
    writeFileSync(certificateFile, this.#read(`${name}.pem`) + this.#read("intermediate.pem"));
    return { certificateFile, keyFile: this.#file(`${name}.key`) };
  }

  remove() {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #file(name) {
    return path.join(this.directory, name);
  }

  #read(name) {
    return readFileSync(this.#file(name), "utf8");
  }

  #openssl(...args) {
    const out = ["-out", this.#file("new.pem")];
    const keyOut = args[0] === "req" ? ["-keyout", this.#file("new.key")] : [];
    execFileSync("openssl", [...args, ...out, ...keyOut], { stdio: "pipe" });
  }

  #rename(name) {
    for (const kind of ["pem", "key"]) {
      writeFileSync(this.#file(`${name}.${kind}`), this.#read(`new.${kind}`));
    }
  }

  #issue(name, issuer, extension) {
    this.#openssl("req", "-new", ...KEY, "-subj", `/CN=${name}`);
    writeFileSync(this.#file("request.pem"), this.#read("new.pem"));
    writeFileSync(this.#file("extensions"), extension);
    const signer = ["-CA", this.#file(`${issuer}.pem`), "-CAkey", this.#file(`${issuer}.key`)];
    const request = ["-in", this.#file("request.pem"), "-extfile", this.#file("extensions")];
    this.#openssl("x509", "-req", ...request, ...signer, "-CAcreateserial", "-days", "2");
    this.#rename(name);
  }
}
