// Plans operations with @apollo/query-planner and answers the milliseconds it took.
// stdin, one JSON a line: {"supergraph": SDL} sets the schema; {"operation": text, "times": n} → {"ms": [...]} or {"error": text}.
import { createInterface } from "node:readline";
import { operationFromDocument, Supergraph } from "@apollo/federation-internals";
import { QueryPlanner } from "@apollo/query-planner";
import { parse, validate } from "graphql";

let api, jsSchema, planner;
for await (const line of createInterface({ input: process.stdin })) {
  const { supergraph, operation, times } = JSON.parse(line);
  let answer;
  try {
    if (supergraph) {
      const built = Supergraph.build(supergraph, { supportedFeatures: null });
      api = built.apiSchema();
      jsSchema = api.toGraphQLJSSchema();
      planner = new QueryPlanner(built);
      answer = { ms: [] };
    } else {
      const ms = [];
      for (let i = 0; i < times; i++) {
        const start = performance.now();
        const document = parse(operation);
        const problems = validate(jsSchema, document);
        if (problems.length) throw problems[0];
        planner.buildQueryPlan(operationFromDocument(api, document, { validate: false }));
        ms.push(performance.now() - start);
      }
      answer = { ms };
    }
  } catch (error) {
    answer = { error: String(error.message) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
