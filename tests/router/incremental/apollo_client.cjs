// Runs one query with Apollo Client and prints the result, for each of its two readers of incremental delivery.
// node apollo_client.cjs <folder with node_modules> <url> <query>
const { createRequire } = require("node:module");
const [folder, url, query] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);
const { ApolloClient, HttpLink, InMemoryCache, gql } = load("@apollo/client");
const { Defer20220824Handler, GraphQL17Alpha9Handler } = load("@apollo/client/incremental");

const results = (incrementalHandler) =>
  new Promise((resolve, reject) => {
    const accepts = [];
    const fetcher = (input, init) => {
      accepts.push(init.headers.accept);
      return fetch(input, init);
    };
    const link = new HttpLink({ uri: url, fetch: fetcher });
    const client = new ApolloClient({ link, cache: new InMemoryCache(), incrementalHandler });
    const seen = [];
    client.watchQuery({ query: gql(query), fetchPolicy: "no-cache", errorPolicy: "all" }).subscribe({
      next: (result) => {
        seen.push({ data: result.data, state: result.dataState });
        if (result.dataState === "complete") resolve({ accept: accepts[0], seen });
      },
      error: reject,
    });
  });

(async () => {
  const found = {
    v2: await results(new GraphQL17Alpha9Handler()),
    of2022: await results(new Defer20220824Handler()),
  };
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
})();
