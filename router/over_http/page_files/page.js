"use strict";
(() => {
  const root = document.getElementById("graphiql");
  const endpoint = new URL(root.dataset.endpoint, window.location.href);
  const socket = new URL(endpoint);
  socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

  // The headers editor is the one place for a token; a WebSocket gets it in connection_init.
  let headers = {};
  let client = null;
  const webSocketClient = () => {
    client ??= graphqlWs.createClient({ url: socket.href, lazy: true, connectionParams: () => headers });
    return client;
  };
  const inner = GraphiQL.createFetcher({
    url: endpoint.href,
    wsClient: { subscribe: (payload, sink) => webSocketClient().subscribe(payload, sink) },
  });
  const fetcher = (parameters, options) => {
    const given = (options && options.headers) || {};
    if (JSON.stringify(given) !== JSON.stringify(headers)) {
      headers = given;
      if (client) client.dispose();
      client = null;
    }
    return inner(parameters, options);
  };

  const welcome = "# 질의를 적고 Ctrl-Enter로 실행하세요.\n# 접근 토큰은 아래 Headers 칸에: {\"Authorization\": \"Bearer …\"}\n\n{\n  __typename\n}\n";
  ReactDOM.createRoot(root).render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultQuery: welcome,
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      defaultEditorToolsVisibility: true,
    }),
  );
})();
