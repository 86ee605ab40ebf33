// support/postgres.mjs: a PostgreSQL of the test's own, with the platform's table in it.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Program, eventually, freePort } from "./process.mjs";

const script = fileURLToPath(new URL("postgres_server", import.meta.url));
const run = promisify(execFile);
const PASSWORD = "secret word";

export class PostgresServer {
  /** `people` own their challenges, as with the gateway's own database. */
  static async start(people = {}) {
    const server = new PostgresServer();
    server.directory = mkdtempSync(path.join(tmpdir(), "outcry-postgres-"));
    server.port = await freePort();
    server.url = `postgresql://outcry:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}/postgres`;
    await server.restart();
    await server.sql("CREATE TABLE challenges (id text PRIMARY KEY, user_id text NOT NULL)");
    for (const { user, challenge, second } of Object.values(people))
      await server.sql(
        `INSERT INTO challenges VALUES ('${challenge}', '${user}'), ('${second}', '${user}')`,
      );
    return server;
  }

  /** Starts a process on the same port; after a kill the first attempts may meet what is left of the last one. */
  async restart() {
    await eventually(
      "PostgreSQL starts",
      async () => {
        this.program = new Program(script, [this.directory, String(this.port)]);
        try {
          await this.program.listening(this.port);
          return await eventually("PostgreSQL answers", () =>
            this.sql("SELECT 1").catch(() => false),
          );
        } catch {
          await this.program.kill();
          return false;
        }
      },
      60_000,
    );
  }

  /** One statement; its output, fields of a row separated by "|". */
  async sql(statement) {
    const where = ["-h", "127.0.0.1", "-p", String(this.port), "-U", "outcry", "-d", "postgres"];
    const { stdout } = await run(
      "psql",
      [...where, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement],
      {
        env: { ...process.env, PGPASSWORD: PASSWORD },
      },
    );
    return stdout.trim() || "done";
  }

  kill() {
    return this.program.kill();
  }

  async stop() {
    await this.program.kill(); // a polite end waits for connections
    rmSync(this.directory, { recursive: true, force: true });
  }
}
