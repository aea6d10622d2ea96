// How the OAuth clients talk to their test: one JSON line an event on standard output, answers as lines on standard input.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
export const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");

/** Have a citizen's browser go to `url`; the URL it ends at. */
export async function visit(url) {
  tell({ visit: url.href });
  return new URL((await lines.next()).value);
}

/** Run the flows by name, tell what each gives, and what broke the first that fails. */
export async function run(flows) {
  for (const [name, flow] of Object.entries(flows)) {
    try {
      tell({ flow: name, ...(await flow()) });
    } catch (error) {
      const cause = error.cause instanceof Response ? await error.cause.text().catch(() => "") : error.cause;
      tell({ flow: name, failed: String(error.stack ?? error), code: error.code, cause: JSON.stringify(cause) });
      process.exit(1);
    }
  }
  process.exit(0);
}

export const QUERY = JSON.stringify({ query: '{ stations(search: "서울", first: 1) { nodes { name } } }' });
