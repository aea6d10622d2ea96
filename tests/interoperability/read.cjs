// Reads supergraphs as Apollo's query planner does: node read.cjs <folder with node_modules>
// stdin: {id: supergraph SDL}; stdout: {id: {api, subgraphs: [name]} or {error}}
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const load = createRequire(`${process.argv[2]}/package.json`);
const { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph } = load("@apollo/federation-internals");
const { printSchema } = load("graphql");

const results = {};
for (const [id, sdl] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  try {
    const supergraph = Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, validateSupergraph: true });
    const subgraphs = supergraph.subgraphs().values().map((subgraph) => {
      subgraph.validate();
      return subgraph.name;
    });
    results[id] = { api: printSchema(supergraph.apiSchema().toGraphQLJSSchema()), subgraphs };
  } catch (error) {
    results[id] = { error: error.message };
  }
}
process.stdout.write(JSON.stringify(results));
