// Subscribes with the npm graphql-ws client and prints one JSON line an event: {"at": ms, "payload": …}.
// Arguments: URL, token, JSON of {query, variables}. Ends on SIGTERM, or when the server completes or refuses.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, token, operation] = process.argv.slice(2);
const print = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: token ? { Authorization: `Bearer ${token}` } : undefined,
  retryAttempts: 0,
  lazy: false,
  on: { connected: () => print({ connected: true }), closed: (event) => print({ closed: event.code }) },
});
client.subscribe(JSON.parse(operation), {
  next: (payload) => print({ at: Date.now(), payload }),
  error: (error) => { print({ error: Array.isArray(error) ? error : String(error.reason ?? error.message ?? error) }); process.exit(1); },
  complete: () => { print({ complete: true }); process.exit(0); },
});
process.on("SIGTERM", () => client.dispose());
