import * as z from 'zod';
import { inertProperty, tags } from '../assembly/properties.ts';
import { ACCOUNT, nameOf, played } from '../assembly/types.ts';

const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const statement = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts.optional(),
  Resource: texts.optional(),
  Condition: z.record(z.string(), z.unknown()).optional(),
});

/** A policy may hold a single statement without its list. */
export const policyDocument = z.looseObject({
  Statement: z.union([statement.transform((one) => [one]), z.array(statement)]),
});

export type Statement = z.output<typeof statement>;

const trust = 'every service here may assume every role';

export const role = played(
  'AWS::IAM::Role',
  z.strictObject({
    RoleName: z.string().optional(),
    ManagedPolicyArns: z.array(z.string()).default([]),
    Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument })).default([]),
    AssumeRolePolicyDocument: inertProperty(trust),
    Description: inertProperty('it is for the console'),
    MaxSessionDuration: inertProperty(trust),
    Path: inertProperty('it is for the console'),
    PermissionsBoundary: inertProperty('the account’s boundary is not of the template'),
    Tags: tags,
  }),
  (naming) => {
    const name = nameOf(naming, 'RoleName');
    return {
      ref: name,
      attributes: { Arn: `arn:aws:iam::${ACCOUNT}:role/${name}`, RoleId: `AROA${name}` },
    };
  },
);

export const policy = played(
  'AWS::IAM::Policy',
  z.strictObject({
    PolicyName: z.string(),
    PolicyDocument: policyDocument,
    Roles: z.array(z.string()).default([]),
    Groups: inertProperty('only roles act here'),
    Users: inertProperty('only roles act here'),
  }),
  (naming) => ({ ref: nameOf(naming, 'PolicyName') }),
);

export const managedPolicy = played(
  'AWS::IAM::ManagedPolicy',
  z.strictObject({
    ManagedPolicyName: z.string().optional(),
    PolicyDocument: policyDocument,
    Roles: z.array(z.string()).default([]),
    Description: inertProperty('it is for the console'),
    Groups: inertProperty('only roles act here'),
    Users: inertProperty('only roles act here'),
    Path: inertProperty('it is for the console'),
  }),
  (naming) => {
    const arn = `arn:aws:iam::${ACCOUNT}:policy/${nameOf(naming, 'ManagedPolicyName')}`;
    return { ref: arn, attributes: { PolicyArn: arn } };
  },
);
