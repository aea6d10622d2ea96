// Every flow of openid-client against the hub, each through to a GraphQL answer. Argument: JSON of the apps, see the test.
import * as client from "openid-client";
import { QUERY, run, visit } from "./talk.mjs";

const { issuer, graphql, redirect, native, server, bank, box, service } = JSON.parse(process.argv[2]);
const insecure = { execute: [client.allowInsecureRequests] };
const configure = (id, auth) => client.discovery(new URL(issuer), id, undefined, auth, insecure);

async function ask(config, token, DPoP) {
  const headers = new Headers({ "content-type": "application/json" });
  const response = await client.fetchProtectedResource(config, token, new URL(graphql), "POST", QUERY, headers, { DPoP });
  return response.json();
}

async function code(config, { DPoP, push, scope = "openid profile rail:read" }) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const parameters = {
    redirect_uri: redirect, scope, state: expectedState, nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: "S256",
  };
  const url = push
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
    : client.buildAuthorizationUrl(config, parameters);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  return client.authorizationCodeGrant(config, await visit(url), checks, undefined, { DPoP });
}

await run({
  code: async () => {
    const config = await configure(native.client_id, client.None());
    const tokens = await code(config, {});
    const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
    return { name: told.name, rotated: renewed.refresh_token !== tokens.refresh_token, ...(await ask(config, renewed.access_token)) };
  },

  bound_code: async () => {
    const config = await configure(native.client_id, client.None());
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const tokens = await code(config, { DPoP });
    const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    return { name: told.name, kept: renewed.refresh_token === undefined, ...(await ask(config, renewed.access_token, DPoP)) };
  },

  client_credentials: async () => {
    const config = await configure(server.client_id, client.ClientSecretPost(server.client_secret));
    const tokens = await client.clientCredentialsGrant(config, { scope: "rail:read" });
    const data = await ask(config, tokens.access_token);
    const before = await client.tokenIntrospection(config, tokens.access_token);
    await client.tokenRevocation(config, tokens.access_token);
    const after = await client.tokenIntrospection(config, tokens.access_token);
    return { active: [before.active, after.active], ...data };
  },

  fapi2: async () => {
    const key = await crypto.subtle.importKey("jwk", bank.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const config = await configure(bank.client_id, client.PrivateKeyJwt({ key, kid: bank.kid }));
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const tokens = await code(config, { DPoP, push: true });
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    return { type: renewed.token_type, ...(await ask(config, renewed.access_token, DPoP)) };
  },

  device: async () => {
    const config = await configure(box.client_id, client.None());
    const started = await client.initiateDeviceAuthorization(config, { scope: "rail:read" });
    await visit(new URL(started.verification_uri_complete));
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...started, interval: 0.01 });
    return { scope: tokens.scope, ...(await ask(config, tokens.access_token)) };
  },

  token_exchange: async () => {
    const config = await configure(server.client_id, client.ClientSecretBasic(server.client_secret));
    const tokens = await client.clientCredentialsGrant(config, { scope: "rail:read lodge:read" });
    const behind = await configure(service.client_id, client.ClientSecretBasic(service.client_secret));
    const type = "urn:ietf:params:oauth:token-type:access_token";
    const exchanged = await client.genericGrantRequest(behind, "urn:ietf:params:oauth:grant-type:token-exchange", {
      subject_token: tokens.access_token, subject_token_type: type, scope: "rail:read",
    });
    return { scope: exchanged.scope, issued: exchanged.issued_token_type === type, ...(await ask(behind, exchanged.access_token)) };
  },
});
