// Runs the audits of npm graphql-http against the URL given and prints them as JSON.
// node graphql_http_audits.cjs <folder with node_modules> <url>
const { createRequire } = require("node:module");
const [folder, url] = process.argv.slice(2);
const { auditServer } = createRequire(`${folder}/package.json`)("graphql-http");

(async () => {
  const audits = [];
  for (const one of await auditServer({ url })) {
    audits.push({ id: one.id, name: one.name, status: one.status, reason: one.reason || "" });
  }
  process.stdout.write(JSON.stringify(audits));
})();
