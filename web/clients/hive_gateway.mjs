// @graphql-hive/gateway-runtime with its usual planner on Node's HTTP server, one process. Arguments: supergraph file, port.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";

const [file, port] = process.argv.slice(2);
const runtime = createGatewayRuntime({ supergraph: readFileSync(file, "utf8"), logging: false });
createServer(runtime).listen(Number(port), "127.0.0.1");
