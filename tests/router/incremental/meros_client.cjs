// Reads one multipart response with npm meros and prints its parts as JSON.
// node meros_client.cjs <folder with node_modules> <url> <query>
const { createRequire } = require("node:module");
const [folder, url, query] = process.argv.slice(2);
const { meros } = createRequire(`${folder}/package.json`)("meros/browser");

(async () => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "multipart/mixed, application/json" },
    body: JSON.stringify({ query }),
  });
  const seen = [];
  for await (const part of await meros(response)) seen.push({ json: part.json, body: part.body });
  process.stdout.write(JSON.stringify(seen));
})();
