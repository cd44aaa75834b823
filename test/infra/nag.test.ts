import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { BundledFunction } from '../../infra/constructs/bundled-function.ts';
import { withApp } from './assembly.ts';
import { ENVIRONMENT_NAMES, ENVIRONMENTS } from './environments.ts';

const acknowledged = z.record(z.string(), z.string());

/** X-Ray and network interfaces, for each function. */
const WILDCARD = 'AwsSolutions-IAM5[Resource::*]';
/** Files of a function below its prefix, whose names are made at run time. */
const FILES =
  /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:s3:::cuadre-files-[^/]+\/(exports|uploads)\/\*\]$/;
/** Schedules that fire once in another's stead, whose names are made at run time, of the planner and the sweeper. */
const ONCE =
  /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule\/cuadre-\w+-once\/\*\]$/;
/** The bucket of files has no log of accesses. */
const UNLOGGED = 'AwsSolutions-S1';
/** The dead-letter queues of the planner, the sweeper and the audit seals, which no queue feeds. */
const DEAD_LETTERS = Array(3).fill('AwsSolutions-SQS3');

describe.each(ENVIRONMENT_NAMES)('cdk-nag on %s', (environment) => {
  const unprotected = environment === 'aurora with jwt' ? ['AwsSolutions-RDS10'] : [];

  it('finds nothing that is not acknowledged, and acknowledges little', () => {
    const { violations, reasons, functions } = withApp(ENVIRONMENTS[environment], (app) => {
      app.synth();
      return {
        functions: app.node.findAll().filter((each) => each instanceof BundledFunction).length,
        violations: new AwsSolutionsChecks(app).validateScope(app).violations,
        reasons: app.node
          .findAll()
          .flatMap(({ node }) => node.metadata)
          .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
          .flatMap(({ data }) => Object.entries(acknowledged.parse(data))),
      };
    });
    expect(violations).toEqual([]);
    const rules = reasons
      .filter(([rule]) => rule.includes('AwsSolutions'))
      .map(([rule]) => rule.split('::').slice(1).join('::'));
    expect(rules.filter((rule) => ONCE.test(rule))).toHaveLength(2);
    expect(rules.filter((rule) => !FILES.test(rule) && !ONCE.test(rule)).toSorted()).toEqual([
      ...Array(functions).fill(WILDCARD),
      ...unprotected,
      UNLOGGED,
      ...DEAD_LETTERS,
    ]);
    for (const [rule, reason] of reasons) expect(reason.length, rule).toBeGreaterThan(60);
  });

  it('finds the wildcards when they are not acknowledged', () => {
    const found = withApp(ENVIRONMENTS[environment], (app) => {
      for (const { node } of app.node.findAll()) {
        const rules = node.metadata.filter(
          ({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY,
        );
        for (const { data } of rules)
          for (const rule of Object.keys(acknowledged.parse(data))) delete data[rule];
      }
      return new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);
    });
    expect(found.some((rule) => FILES.test(rule))).toBe(true);
    expect(found.some((rule) => ONCE.test(rule))).toBe(true);
    expect(found.filter((rule) => !FILES.test(rule) && !ONCE.test(rule)).toSorted()).toEqual([
      WILDCARD,
      ...unprotected,
      UNLOGGED,
      'AwsSolutions-SQS3',
    ]);
  });
});
