import * as z from 'zod';
import { flag, inertProperty, tags, whole } from '../assembly/properties.ts';
import { ACCOUNT, nameOf, played, REGION } from '../assembly/types.ts';

export const secret = played(
  'AWS::SecretsManager::Secret',
  z.strictObject({
    Name: z.string().optional(),
    Description: inertProperty('it is for the console'),
    KmsKeyId: inertProperty('nothing is encrypted on 127.0.0.1'),
    SecretString: z.string().optional(),
    GenerateSecretString: z
      .strictObject({
        ExcludeCharacters: z.string().default(''),
        ExcludePunctuation: flag.default(false),
        GenerateStringKey: z.string().optional(),
        PasswordLength: whole.default(32),
        SecretStringTemplate: z.string().optional(),
      })
      .optional(),
    Tags: tags,
  }),
  (naming) => {
    const arn = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${nameOf(naming, 'Name')}-${SUFFIX}`;
    return { ref: arn, attributes: { Id: arn } };
  },
);

/** Six characters that the service adds to a secret's name. */
const SUFFIX = 'LoCaL0';

export const secretAttachment = played(
  'AWS::SecretsManager::SecretTargetAttachment',
  z.strictObject({
    SecretId: z.string(),
    TargetId: z.string(),
    TargetType: z.enum(['AWS::RDS::DBCluster', 'AWS::RDS::DBInstance']),
  }),
  (naming) => {
    const secretId = String(naming.property('SecretId'));
    return { ref: secretId, attributes: { Id: secretId } };
  },
);
