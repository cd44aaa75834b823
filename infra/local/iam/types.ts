import * as z from 'zod';
import { inertProperty, tags } from '../assembly/properties.ts';
import { ACCOUNT, nameOf, played } from '../assembly/types.ts';

/** A policy may write a single element without its list. */
const listOf = <T extends z.ZodType>(element: T) =>
  z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(element));

/** NotAction and NotResource are refused by name: nothing here works them out. */
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: listOf(z.string()),
  Resource: listOf(z.string()),
  Condition: z.record(z.string(), z.unknown()).optional(),
});

export const policyDocument = z.strictObject({
  Version: z.string().optional(),
  Id: z.string().optional(),
  Statement: listOf(statement),
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
