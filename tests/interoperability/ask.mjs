// Asks another router: node ask.mjs <folder with node_modules> <apollo|hive> <supergraph file>
// stdin: [{query, variables}]; stdout: [GraphQL response]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, router, file] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);
const supergraph = readFileSync(file, "utf8");

async function apollo() {
  const { ApolloGateway } = load("@apollo/gateway");
  const { parse } = load("graphql");
  const gateway = new ApolloGateway({ supergraphSdl: supergraph });
  const { executor } = await gateway.load();
  const ask = ({ query, variables }) => {
    const document = parse(query);
    const operation = document.definitions.find(({ kind }) => kind === "OperationDefinition");
    return executor({ document, operation, request: { query, variables }, queryHash: query, context: {}, metrics: {} });
  };
  return [ask, () => gateway.stop()];
}

async function hive() {
  const { createGatewayRuntime } = load("@graphql-hive/gateway-runtime");
  const { unifiedGraphHandler } = load("@graphql-hive/router-runtime");
  const gateway = createGatewayRuntime({ supergraph, unifiedGraphHandler, logging: false, landingPage: false });
  const headers = { "content-type": "application/json" };
  const ask = async (request) => {
    const body = JSON.stringify(request);
    return (await gateway.fetch("http://router/graphql", { method: "POST", headers, body })).json();
  };
  return [ask, () => gateway[Symbol.asyncDispose]()];
}

const [ask, close] = await { apollo, hive }[router]();
const answers = [];
for (const request of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push(await ask(request));
  } catch (error) {
    answers.push({ errors: [{ message: `thrown: ${error.message}` }] });
  }
}
process.stdout.write(JSON.stringify(answers), async () => {
  await close();
  process.exit(0);
});
