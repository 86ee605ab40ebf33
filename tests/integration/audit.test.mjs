// The audit trail: what is in it, that a crash leaves it whole, that a change is found, and what a
// full disk does to it.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import {
  API_KEY,
  BINARY,
  Gateway,
  makePeople,
  roomOf,
  SECRET,
  sign,
  tokenOf,
} from "../support/gateway.mjs";
import { eventually } from "../support/process.mjs";
import { NodePublisher, RedisServer } from "../support/redis.mjs";
import { fetchText } from "../support/wire.mjs";

afterEach(disconnectAll);

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** `outcry audit …`: {status, stdout, stderr}. */
const audit = (...args) => spawnSync(BINARY, ["audit", ...args], { encoding: "utf8" });

const newDirectory = () => mkdtempSync(path.join(tmpdir(), "outcry-trail-"));

class Trail {
  constructor(directory) {
    this.directory = directory;
  }
  files() {
    return readdirSync(this.directory)
      .filter((name) => /^audit-\d{20}\.jsonl$/.test(name))
      .sort()
      .map((name) => path.join(this.directory, name));
  }
  text() {
    return this.files()
      .map((file) => readFileSync(file, "utf8"))
      .join("");
  }
  records() {
    const whole = this.text().split("\n").slice(0, -1);
    return whole.map((line) => JSON.parse(line));
  }
  /** The first record that has all of `members`; of `detail` likewise. */
  find({ detail = {}, ...members }) {
    const fits = (object, wanted) => Object.entries(wanted).every(([k, v]) => object?.[k] === v);
    return this.records().find((one) => fits(one, members) && fits(one.detail, detail));
  }
  until(wanted) {
    return eventually(`a record of ${JSON.stringify(wanted)}`, () => this.find(wanted));
  }
  verify(...more) {
    return audit("verify", this.directory, ...more);
  }
}

describe("the audit trail", () => {
  const directory = newDirectory();
  const trail = new Trail(path.join(directory, "trail"));
  const key = path.join(directory, "keys.pem");
  let redis, gateway, publisher, ann, bob;
  before(async () => {
    redis = await RedisServer.start();
    gateway = await Gateway.start({
      redis,
      config: {
        audit: { path: trail.directory, key_file: key, checkpoint_records: 5 },
        eventlog: { path: path.join(directory, "log.db") },
        limits: { user_failed_joins_delay_at: 3, user_failed_joins_ban_at: 3 },
      },
    });
    await gateway.untilReady();
    publisher = await NodePublisher.connect(redis);
    ({ ann, bob } = gateway.people);
  });
  after(async () => {
    await publisher.stop();
    await gateway.stop();
    await redis.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("has who connected, from where, and why it ended", async () => {
    const client = await Client.connect(gateway, tokenOf(ann.user));
    const connect = await trail.until({ kind: "connect", socket: client.socket.id });
    assert.equal(connect.user, ann.user);
    assert.equal(connect.address, "127.0.0.1");
    assert.equal(connect.namespace, "/");
    assert.deepEqual(connect.detail, { transport: "websocket" });
    client.socket.io.engine.close();
    const end = await trail.until({ kind: "disconnect", socket: connect.socket });
    assert.equal(end.address, "127.0.0.1");
    assert.match(end.detail.cause, /^(transport_close|client)$/);
  });

  it("has who was refused, and by what code and cause", async () => {
    const forged = new Client(gateway, {
      auth: { token: sign({ user_id: "eve" }, { secret: `${SECRET}x` }) },
    });
    await forged.refused();
    const refused = await trail.until({ kind: "refuse", detail: { code: "token_invalid" } });
    assert.equal(refused.user, undefined, "what a forged token says is nobody's name");
    assert.equal(refused.address, "127.0.0.1");
  });

  it("has joins, denials, leaves and removals", async () => {
    const one = await Client.connect(gateway, tokenOf(ann.user));
    const other = await Client.connect(gateway, tokenOf(bob.user));
    const room = roomOf(ann.challenge);
    await one.join(ann.challenge);
    other.emit("join_challenge", { challenge_id: ann.challenge });
    await other.next("error");
    await trail.until({ kind: "join", user: ann.user, room, socket: one.socket.id });
    const denied = await trail.until({ kind: "deny", user: bob.user, room });
    assert.equal(denied.detail.code, "forbidden");
    assert.equal(denied.address, "127.0.0.1");
    one.emit("leave_challenge", { challenge_id: ann.challenge });
    await trail.until({ kind: "leave", user: ann.user, room, detail: { cause: "client" } });
    await one.join(ann.challenge);
    await gateway.post("/v1/remove", { room, user: ann.user });
    await trail.until({ kind: "remove", user: ann.user, room, detail: { cause: "removed" } });
    const asked = await trail.until({
      kind: "administration",
      room,
      detail: { action: "remove_member" },
    });
    assert.equal(asked.detail.by, `api:${sha256(API_KEY).slice(0, 12)}`);
  });

  it("has whose tokens were taken back, and by whom", async () => {
    const user = "somebody";
    assert.equal((await gateway.post("/v1/revoke", { user })).status, 200);
    const whole = await trail.until({ kind: "administration", user, detail: { action: "revoke" } });
    assert.equal(whole.detail.by, `api:${sha256(API_KEY).slice(0, 12)}`);
    assert.equal((await gateway.post("/v1/revoke", { jti: "one token" })).status, 200);
    await trail.until({ kind: "administration", detail: { action: "revoke", jti: "one token" } });
  });

  it("has who was banned, and who lifted the ban", async () => {
    const guesser = await Client.connect(gateway, tokenOf("guesser"), { reconnection: false });
    const guesses = 4; // bans are at three
    for (let i = 0; i < guesses; ++i) {
      guesser.emit("join_challenge", { challenge_id: ann.challenge });
    }
    const member = { kind: "administration", user: "guesser" };
    const banned = await trail.until({ ...member, detail: { action: "ban" } });
    assert.equal(banned.detail.by, undefined, "the gateway itself");
    const { body } = await gateway.post("/v1/unban", { user: "guesser" });
    assert.deepEqual(JSON.parse(body), { lifted: true });
    const lifted = await trail.until({ ...member, detail: { action: "lift_ban" } });
    assert.equal(lifted.detail.by, `api:${sha256(API_KEY).slice(0, 12)}`);
  });

  it("has what was published, by whom, and the hash of what it said", async () => {
    const room = roomOf(ann.challenge);
    const secret = { note: "nobody else reads this 8472" };
    const { offset } = await gateway.publish(room, "risk_alert", secret);
    const mine = await trail.until({ kind: "publish", room, detail: { event: "risk_alert" } });
    assert.equal(mine.detail.sha256, sha256(JSON.stringify(secret)));
    assert.equal(mine.detail.position, offset);
    assert.equal(mine.detail.class, "must");
    assert.equal(mine.detail.by, `api:${sha256(API_KEY).slice(0, 12)}`);
    await publisher.emit(room, "equity_updated", { equity: 5 });
    const theirs = await trail.until({ kind: "publish", detail: { event: "equity_updated" } });
    assert.equal(theirs.detail.class, "latest");
    assert.match(theirs.detail.by, /^redis:socket\.io/);
    assert.doesNotMatch(trail.text(), /8472/);
  });

  it("has what operators did, and who tried", async () => {
    await gateway.post("/v1/reload", "");
    await trail.until({ kind: "administration", detail: { action: "reload" } });
    const answer = await gateway.post("/v1/publish", "{}", { "X-API-Key": "guessed-1234567890" });
    assert.equal(answer.status, 403);
    const tried = await trail.until({ kind: "administration", detail: { action: "key_refused" } });
    assert.equal(tried.address, "127.0.0.1");
    assert.doesNotMatch(trail.text(), /guessed/);
  });

  it("is whole after kill -9, goes on with the next start, and follows a client over it", async () => {
    const client = await Client.connect(gateway, tokenOf(bob.user));
    await client.join(bob.challenge);
    const { id } = client.socket;
    await trail.until({ kind: "join", socket: id });
    const gone = client.disconnects.take("the disconnect");
    await gateway.kill();
    await gone;
    const before = trail.verify();
    assert.equal(before.status, 0, before.stdout);
    await gateway.restart();
    // Its first tries may have met nobody.
    await eventually("the client is back", () => client.socket.connected);
    const back = await trail.until({ kind: "resume", socket: id });
    assert.equal(back.user, bob.user);
    assert.equal(back.room, roomOf(bob.challenge));
    await gateway.program.stop();
    assert.equal(trail.records().at(-1).kind, "stop");
    const drained = await trail.until({ kind: "administration", detail: { action: "drain" } });
    assert.equal(drained.detail.by, "SIGTERM");
    const verified = trail.verify();
    assert.equal(verified.status, 0, verified.stdout);
    assert.match(verified.stdout, /a crash/);
    assert.match(verified.stdout, /it ends a run\n/);
    await gateway.restart();
  });

  it("never has a token, a key, a session or a payload", () => {
    const text = trail.text();
    for (const secret of [SECRET, API_KEY, "eyJ", "pid", "equity\":5"]) {
      assert.ok(!text.includes(secret), secret);
    }
  });

  it("prints what happened to one challenge", () => {
    const { status, stdout } = audit("timeline", ann.challenge, trail.directory);
    assert.equal(status, 0);
    for (const kind of ["connect", "join", "deny", "leave", "remove", "publish", "start", "stop"]) {
      assert.match(stdout, new RegExp(`  ${kind} `), kind);
    }
    assert.ok(!stdout.includes(bob.challenge));
  });

  it("is compared with the key that somebody holds, and with how far it had come", async () => {
    const pem = path.join(directory, "public.pem");
    writeFileSync(pem, audit("public-key", key).stdout);
    const metrics = await gateway.metrics();
    const sequence = metrics.get("outcry_audit_sequence");
    await gateway.program.stop();
    const right = trail.verify("--public-key", pem, "--expect-end", `${sequence}`);
    assert.equal(right.status, 0, right.stdout);
    const ahead = trail.verify("--public-key", pem, "--expect-end", `${sequence + 1000}`);
    assert.equal(ahead.status, 1);
    await gateway.restart();
  });

  it("says where it was changed", async () => {
    await gateway.program.stop();
    const [file] = trail.files();
    const lines = readFileSync(file, "utf8").split("\n");
    const changed = lines.findIndex((line) => line.includes('"kind":"deny"'));
    const whole = lines[changed];
    lines[changed] = whole.replace("forbidden", "permitted");
    writeFileSync(file, lines.join("\n"));
    const { seq } = JSON.parse(whole);
    const verified = trail.verify();
    assert.equal(verified.status, 1);
    assert.ok(verified.stdout.includes(`${file}:${changed + 1}: record ${seq}: changed`));
    await gateway.restart();
    assert.equal(trail.verify().status, 1, "a start doesn't tidy up after anybody");
    await gateway.program.stop();
    lines[changed] = whole;
    const now = readFileSync(file, "utf8").split("\n");
    now[changed] = whole;
    writeFileSync(file, now.join("\n"));
    assert.equal(trail.verify().status, 0);
    now.splice(changed, 1);
    writeFileSync(file, now.join("\n"));
    const removed = trail.verify();
    assert.equal(removed.status, 1);
    assert.ok(removed.stdout.includes(`removed: record ${seq} stood before this line`));
    now.splice(changed, 0, whole);
    writeFileSync(file, now.join("\n"));
    await gateway.restart();
  });

  it("is written by one gateway at a time", async () => {
    const second = { server: { listen: "127.0.0.1:0" }, operations: { listen: "127.0.0.1:0" } };
    const config = path.join(directory, "second.toml");
    const same = readFileSync(gateway.file, "utf8").replaceAll(/listen = .*/g, (line) =>
      line.includes("listen =") ? `listen = "${second.server.listen}"` : line,
    );
    writeFileSync(config, same.replace(path.join(directory, "log.db"), `${directory}/other.db`));
    const { status, stderr } = spawnSync(BINARY, ["serve", "--config", config], {
      encoding: "utf8",
    });
    assert.equal(status, 2);
    assert.match(stderr, /audit\.path: .*written by another process/);
  });
});

describe("an audit trail of pages that may not connect", () => {
  const directory = newDirectory();
  const trail = new Trail(path.join(directory, "trail"));
  let gateway;
  before(async () => {
    gateway = await Gateway.start({ config: { audit: { path: trail.directory } } });
  });
  after(async () => {
    await gateway.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("has them, and of a flood of them no more than it bears", async () => {
    const origin = "https://evil.example";
    const ask = () =>
      fetchText(`${gateway.url}/socket.io/?EIO=4&transport=polling`, { headers: { Origin: origin } });
    assert.equal((await ask()).status, 403);
    const refused = await trail.until({ kind: "refuse", detail: { code: "origin", origin } });
    assert.equal(refused.address, "127.0.0.1");
    const sent = 2_000;
    for (let asked = 1; asked < sent; asked += 100) {
      await Promise.all(Array.from({ length: Math.min(100, sent - asked) }, ask));
    }
    const name = "outcry_origins_refused_total";
    assert.equal((await gateway.metrics()).get(name), sent, "all are counted");
    const client = await Client.connect(gateway, tokenOf("somebody"));
    await trail.until({ kind: "connect", socket: client.socket.id });
    const told = trail.records().filter((one) => one.detail?.code === "origin").length;
    assert.ok(told >= 100 && told < sent, `${told} of ${sent} are recorded`);
  });
});

// A disk of its own where the system lets us mount one, and everywhere a limit on the size of files,
// which fails the same writes.
function smallDisk() {
  const directory = newDirectory();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory]);
  return {
    directory,
    usable: mounted.status === 0,
    fill: () => {
      try {
        writeFileSync(path.join(directory, "filler"), Buffer.alloc(1 << 20));
      } catch (error) {
        assert.equal(error.code, "ENOSPC");
      }
    },
    empty: () => rmSync(path.join(directory, "filler")),
    why: /No space left on device/,
    remove: () => {
      if (mounted.status === 0) execFileSync("umount", [directory]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function limitedFiles() {
  const directory = newDirectory();
  const limit = (gateway, soft) =>
    execFileSync("prlimit", [
      "--pid",
      `${gateway.program.child.pid}`,
      `--fsize=${soft}:unlimited`,
    ]);
  return {
    directory,
    usable: true,
    fill: (gateway) => limit(gateway, 1),
    empty: (gateway) => limit(gateway, "unlimited"),
    why: /File too large/,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

for (const [name, makeDisk] of [
  ["a full disk", smallDisk],
  ["a limit on the size of files", limitedFiles],
]) {
  describe(`an audit trail under ${name}`, () => {
    const disk = makeDisk();
    const trail = new Trail(path.join(disk.directory, "trail"));
    let gateway, ann;
    before(async () => {
      gateway = await Gateway.start({
        people: makePeople(),
        config: { audit: { path: trail.directory, waiting_bytes_max: 8192 } },
      });
      ({ ann } = gateway.people);
    });
    after(async () => {
      await gateway.stop();
      disk.remove();
    });

    const noMount = "this system lets nobody mount a disk";
    it("tells, goes on serving, and records what it lost", { skip: !disk.usable && noMount }, async () => {
      const client = await Client.connect(gateway, tokenOf(ann.user));
      await client.join(ann.challenge);
      await trail.until({ kind: "join", user: ann.user, room: roomOf(ann.challenge) });
      disk.fill(gateway);

      const sent = 60;
      for (let n = 0; n < sent; ++n) {
        await gateway.publish(roomOf(ann.challenge), "risk_alert", { n });
        assert.equal((await client.next("risk_alert"))[0].n, n, "trading goes on");
      }
      const failing = await eventually("metrics tell", async () => {
        const metrics = await gateway.metrics();
        return metrics.get("outcry_audit_failing") === 1 && metrics;
      });
      const lost = failing.get("outcry_audit_lost_total");
      assert.ok(lost > 0 && lost < sent, `${lost} lost`);
      assert.ok(failing.get("outcry_audit_errors_total") > 0);
      const ready = await gateway.readiness();
      assert.equal(ready.status, 200);
      assert.match(ready.body, /can't be written: /);
      assert.match(ready.body, disk.why);
      assert.match(gateway.program.output, /audit: can't be written/);

      disk.empty(gateway);
      await eventually("it is written again", async () => {
        const metrics = await gateway.metrics();
        return (
          metrics.get("outcry_audit_failing") === 0 &&
          metrics.get("outcry_audit_waiting_bytes") === 0
        );
      });
      await gateway.publish(roomOf(ann.challenge), "after", {});
      // One for each time that the queue was full.
      const gaps = trail.records().filter((one) => one.kind === "gap");
      assert.equal(
        gaps.reduce((sum, gap) => sum + gap.detail.lost, 0),
        lost,
      );
      const [gap] = gaps;
      assert.ok(gap.detail.from <= gap.detail.to);
      const next = await trail.until({ kind: "publish", detail: { event: "after" } });
      assert.ok(next.seq > gaps.at(-1).seq);
      await gateway.program.stop();
      const verified = trail.verify();
      assert.equal(verified.status, 0, verified.stdout);
      assert.ok(verified.stdout.includes(`${gap.detail.lost} records were lost from ${gap.detail.from}`));
      const published = trail.records().filter((one) => one.kind === "publish");
      assert.equal(published.length, sent + 1 - lost, "each is there, or counted");
      await gateway.restart();
      const { body } = await fetchText(`${gateway.operations}/readyz?verbose`);
      assert.match(body, /written/);
    });
  });
}
