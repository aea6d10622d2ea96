// Composes with another composer: node compose.cjs <folder with node_modules> <apollo|hive>
// stdin: {id: [{name, url, sdl}]}; stdout: {id: {supergraph} or {errors: [message]}}
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const [folder, composer] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);
const { parse } = load("graphql");
const { composeServices } = load(composer === "apollo" ? "@apollo/composition" : "@theguild/federation-composition");

const results = {};
for (const [id, subgraphs] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  try {
    const services = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
    const { supergraphSdl, errors } = composeServices(services);
    results[id] = supergraphSdl ? { supergraph: supergraphSdl } : { errors: errors.map((error) => error.message) };
  } catch (error) {
    results[id] = { errors: [`thrown: ${error.message}`] };
  }
}
process.stdout.write(JSON.stringify(results));
