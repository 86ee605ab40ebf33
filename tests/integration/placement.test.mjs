// Where threads run and how connections are let in, seen from outside of the process.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, afterEach, before, describe, it } from "node:test";
import { Client, disconnectAll } from "../support/clients.mjs";
import { Gateway, tokenOf } from "../support/gateway.mjs";
import { eventually, stopAll } from "../support/process.mjs";

afterEach(disconnectAll);

/** Name and allowed CPUs ("0-3,8") of each thread of a process. */
function threadsOf(pid) {
  return readdirSync(`/proc/${pid}/task`).map((id) => {
    const status = readFileSync(`/proc/${pid}/task/${id}/status`, "utf8");
    const field = (name) => status.match(new RegExp(`^${name}:\\s*(\\S+)`, "m"))[1];
    return { id: Number(id), name: field("Name"), cpus: field("Cpus_allowed_list") };
  });
}

const workersOf = (threads) => threads.filter(({ name }) => /^worker-\d+$/.test(name));
const allowed = readFileSync("/proc/self/status", "utf8").match(/Cpus_allowed_list:\s*(\S+)/)[1];

describe("a pinned gateway", () => {
  let gateway;
  before(async () => {
    gateway = await Gateway.start({ config: { server: { workers: 1, pin_workers: true } } });
  });
  after(() => stopAll(gateway));

  it("gives its worker one CPU of those it may use, and says so", async (t) => {
    if (gateway.program.output.includes("pin_workers has no effect")) {
      return t.skip("this machine's CPUs are shared by a quota");
    }
    const first = allowed.split(/[,-]/)[0];
    await eventually("its worker has begun", () => {
      const [worker, ...others] = workersOf(threadsOf(gateway.program.child.pid));
      assert.deepEqual(others, []);
      return worker?.cpus === first;
    });
    assert.match(gateway.program.output, new RegExp(`placement: 1 worker on CPUs ${first},`));
  });

  it("serves as ever", async () => {
    const client = await Client.connect(gateway, tokenOf(gateway.people.ann.user));
    client.emit("join_challenge", { challenge_id: gateway.people.ann.challenge });
    await client.next("joined_challenge");
  });
});

describe("an unpinned gateway that lets in one at a time", () => {
  let gateway;
  before(async () => {
    gateway = await Gateway.start({ config: { server: { accept_batch_max: 1 } } });
  });
  after(() => stopAll(gateway));

  it("leaves its workers every CPU", async () => {
    const workers = workersOf(threadsOf(gateway.program.child.pid));
    assert.equal(workers.length, 4);
    for (const worker of workers) assert.equal(worker.cpus, allowed);
    await eventually("it has said so", () => /placement: 4 workers, unpinned/.test(gateway.program.output));
  });

  it("lets a crowd in, each of them", async () => {
    const before = await gateway.metrics();
    const token = tokenOf(gateway.people.bob.user);
    const crowd = Array.from({ length: 60 }, () => Client.connect(gateway, token));
    await Promise.all(crowd);
    const metrics = await gateway.metrics();
    const grown = (name) => metrics.get(name) - before.get(name);
    assert.equal(grown("outcry_connects_total"), 60);
    assert.ok(grown("outcry_connections_accepted_total") >= 60);
    assert.equal(metrics.get("outcry_connections_refused_total"), 0);
    assert.ok(metrics.has('outcry_accept_pauses_total{worker="0"}'));
  });
});
