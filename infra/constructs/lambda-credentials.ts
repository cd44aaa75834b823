/**
 * Stands in for `@aws-sdk/credential-provider-node` in the bundles. That one looks for credentials in files, SSO,
 * other roles and instance metadata, with clients of their own: 140 KB, a quarter of a bundle, for places that a
 * Lambda does not have. Its role's credentials are in its environment.
 */
export function defaultProvider() {
  return async () => {
    const {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    } = process.env;
    if (accessKeyId === undefined || secretAccessKey === undefined) {
      throw new Error(
        'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: this bundle is made for Lambda',
      );
    }
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
}
