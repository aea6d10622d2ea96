// Every flow of oauth4webapi against the hub, each through to a GraphQL answer. Argument: JSON of the apps, see the test.
import * as oauth from "oauth4webapi";
import { QUERY, run, tell, visit } from "./talk.mjs";

const { issuer, graphql, redirect, native, server, bank, box } = JSON.parse(process.argv[2]);
const insecure = { [oauth.allowInsecureRequests]: true };
const discover = async (algorithm) =>
  oauth.processDiscoveryResponse(new URL(issuer), await oauth.discoveryRequest(new URL(issuer), { algorithm, ...insecure }));
const as = await discover("oidc");

/** A DPoP request is sent again once when the server asks for its nonce. */
async function twice(send, process) {
  try {
    return await process(await send());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return process(await send());
  }
}

async function ask(token, DPoP) {
  const send = () =>
    oauth.protectedResourceRequest(
      token, "POST", new URL(graphql), new Headers({ "content-type": "application/json" }), QUERY, { DPoP, ...insecure },
    );
  return twice(send, async (response) => {
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  });
}

async function code(client, auth, { DPoP, push, scope = "openid profile rail:read" }) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  let parameters = {
    client_id: client.client_id, redirect_uri: redirect, response_type: "code", scope, state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  };
  if (push) {
    const pushed = await twice(
      () => oauth.pushedAuthorizationRequest(as, client, auth, new URLSearchParams(parameters), { DPoP, ...insecure }),
      (response) => oauth.processPushedAuthorizationResponse(as, client, response),
    );
    parameters = { client_id: client.client_id, request_uri: pushed.request_uri };
  }
  const callback = await visit(new URL(`${as.authorization_endpoint}?${new URLSearchParams(parameters)}`));
  const answer = oauth.validateAuthResponse(as, client, callback, state);
  return twice(
    () => oauth.authorizationCodeGrantRequest(as, client, auth, answer, redirect, verifier, { DPoP, ...insecure }),
    (response) => oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true }),
  );
}

async function refresh(client, auth, tokens, DPoP) {
  return twice(
    () => oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, { DPoP, ...insecure }),
    (response) => oauth.processRefreshTokenResponse(as, client, response),
  );
}

/** RFC 9068 as the strictest reader reads it. */
async function strict(token) {
  const request = new Request(graphql, { headers: { authorization: `Bearer ${token}` } });
  return oauth.validateJwtAccessToken(as, request, graphql, insecure);
}

await run({
  discovery: async () => ({ same: JSON.stringify(as) === JSON.stringify(await discover("oauth2")) }),

  code: async () => {
    const client = { client_id: native.client_id };
    const tokens = await code(client, oauth.None(), {});
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    const told = await oauth.processUserInfoResponse(
      as, client, claims.sub, await oauth.userInfoRequest(as, client, tokens.access_token, insecure),
    );
    const renewed = await refresh(client, oauth.None(), tokens);
    await strict(renewed.access_token);
    return { name: told.name, rotated: renewed.refresh_token !== tokens.refresh_token, ...(await ask(renewed.access_token)) };
  },

  bound_code: async () => {
    const client = { client_id: native.client_id };
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const tokens = await code(client, oauth.None(), { DPoP });
    const renewed = await refresh(client, oauth.None(), tokens, DPoP);
    return { type: renewed.token_type, kept: renewed.refresh_token === undefined, ...(await ask(renewed.access_token, DPoP)) };
  },

  client_credentials: async () => {
    const client = { client_id: server.client_id };
    const auth = oauth.ClientSecretBasic(server.client_secret);
    const parameters = new URLSearchParams({ scope: "rail:read" });
    const tokens = await oauth.processClientCredentialsResponse(
      as, client, await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, insecure),
    );
    await strict(tokens.access_token);
    const data = await ask(tokens.access_token);
    const told = async (options) => {
      const response = await oauth.introspectionRequest(as, client, auth, tokens.access_token, { ...options, ...insecure });
      return oauth.processIntrospectionResponse(as, client, response);
    };
    const before = [await told({}), await told({ requestJwtResponse: true })];
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, tokens.access_token, insecure));
    const after = await told({});
    const refused = await ask(tokens.access_token).then(() => false, () => true);
    return { active: [...before, after].map((one) => one.active), refused, ...data };
  },

  fapi2: async () => {
    const client = { client_id: bank.client_id, use_mtls_endpoint_aliases: false };
    const key = await crypto.subtle.importKey("jwk", bank.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const auth = oauth.PrivateKeyJwt({ key, kid: bank.kid });
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const tokens = await code(client, auth, { DPoP, push: true });
    const renewed = await refresh(client, auth, tokens, DPoP);
    return { type: renewed.token_type, ...(await ask(renewed.access_token, DPoP)) };
  },

  device: async () => {
    const client = { client_id: box.client_id };
    const parameters = new URLSearchParams({ scope: "rail:read" });
    const started = await oauth.processDeviceAuthorizationResponse(
      as, client, await oauth.deviceAuthorizationRequest(as, client, oauth.None(), parameters, insecure),
    );
    await visit(new URL(started.verification_uri_complete));
    const tokens = await oauth.processDeviceCodeResponse(
      as, client, await oauth.deviceCodeGrantRequest(as, client, oauth.None(), started.device_code, insecure),
    );
    return { scope: tokens.scope, ...(await ask(tokens.access_token)) };
  },

  mix_up: async () => {
    const answer = new URL(`${redirect}?code=x&state=s&iss=https%3A%2F%2Fevil.example`);
    try {
      oauth.validateAuthResponse(as, { client_id: native.client_id }, answer, "s");
    } catch (error) {
      return { code: error.code };
    }
    tell({ failed: "a foreign issuer was taken" });
  },
});
