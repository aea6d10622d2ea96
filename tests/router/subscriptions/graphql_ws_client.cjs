// Uses npm graphql-ws, the protocol's own client, against a router; prints what it saw as JSON.
// node graphql_ws_client.cjs <folder with node_modules> <ws url>
const { createRequire } = require("node:module");
const [folder, url] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);
const { createClient } = load("graphql-ws");
const webSocketImpl = load("ws");

const client = createClient({ url, webSocketImpl, keepAlive: 50, retryAttempts: 0, connectionParams: { Authorization: "" } });
const collect = (query, variables, limit = Infinity) =>
  new Promise((resolve) => {
    const seen = [];
    const stop = client.subscribe(
      { query, variables },
      {
        next: (value) => {
          seen.push(value);
          if (seen.length === limit) stop();
        },
        error: (errors) => resolve({ seen, errors }),
        complete: () => resolve({ seen }),
      },
    );
  });

(async () => {
  const pongs = [];
  client.on("pong", (received, payload) => pongs.push(received));
  const result = {
    query: await collect("query($n: String) { hello(name: $n) }", { n: "부산" }),
    mutation: await collect("mutation { wind(turns: 2) }"),
    subscription: await collect("subscription { ticks(count: 3) }"),
    stopped: await collect("subscription { ticks(count: 100000, every: 0.01) }", undefined, 2),
    invalid: await collect("{ nothing }"),
    kept: await collect("{ slow(seconds: 0.4) }"),
    together: await Promise.all([1, 2, 3, 4].map((n) => collect(`subscription { ticks(count: ${n}) }`))),
  };
  result.pongs = pongs.length > 0;
  await client.dispose();
  process.stdout.write(JSON.stringify(result));
})();
