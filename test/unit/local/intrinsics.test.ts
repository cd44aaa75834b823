import { describe, expect, test } from 'vitest';
import { resolveValue, type Scope } from '../../../infra/local/assembly/intrinsics.ts';

const scope: Scope = {
  ref: (name) =>
    ({ 'AWS::Region': 'us-east-1', Queue: 'http://queue', List: ['a', 'b'] })[name] ?? `${name}-ref`,
  attribute: (logicalId, attribute) => `${logicalId}/${attribute}`,
  importValue: (name) => `imported ${name}`,
  output: (stack, name) => `${name} of ${stack}`,
  mapping: (map, top, second) => `${map}.${top}.${second}`,
  condition: (name) => name === 'IsProduction',
};

describe('an intrinsic function', () => {
  test.each([
    [{ Ref: 'Queue' }, 'http://queue'],
    [{ 'Fn::GetAtt': ['Db', 'Endpoint.Address'] }, 'Db/Endpoint.Address'],
    [{ 'Fn::GetAtt': 'Db.Endpoint.Address' }, 'Db/Endpoint.Address'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Queue' }, 7]] }, 'a-http://queue-7'],
    [{ 'Fn::Join': [',', { Ref: 'List' }] }, 'a,b'],
    [
      { 'Fn::Sub': `\${AWS::Region}:\${Db.Endpoint.Address}:\${!Literal}` },
      `us-east-1:Db/Endpoint.Address:\${Literal}`,
    ],
    [{ 'Fn::Sub': [`\${Name}@\${Queue}`, { Name: { Ref: 'Who' } }] }, 'Who-ref@http://queue'],
    [{ 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    [{ 'Fn::ImportValue': { 'Fn::Join': ['', ['data', ':x']] } }, 'imported data:x'],
    [{ 'Fn::GetStackOutput': { StackName: 'data', OutputName: 'Url' } }, 'Url of data'],
    [{ 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, 'Sizes.us-east-1.small'],
    [{ 'Fn::Base64': 'hello' }, 'aGVsbG8='],
    [{ 'Fn::If': ['IsProduction', 'large', 'small'] }, 'large'],
    [{ 'Fn::If': ['IsTest', 'large', { Ref: 'Queue' }] }, 'http://queue'],
    [{ 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] }, true],
    [{ 'Fn::And': [{ Condition: 'IsProduction' }, { 'Fn::Not': [{ Condition: 'IsTest' }] }] }, true],
    [{ 'Fn::Or': [{ Condition: 'IsTest' }, { 'Fn::Equals': ['a', 'b'] }] }, false],
  ])('%j is %j', (value, expected) => {
    expect(resolveValue(value, scope)).toEqual(expected);
  });

  test('may stand anywhere, and AWS::NoValue takes its place away', () => {
    const value = {
      keep: [{ Ref: 'Queue' }, { Ref: 'AWS::NoValue' }, 1],
      gone: { Ref: 'AWS::NoValue' },
      also: { 'Fn::If': ['IsTest', 1, { Ref: 'AWS::NoValue' }] },
      statement: { Effect: 'Allow', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    };
    expect(resolveValue(value, scope)).toEqual({
      keep: ['http://queue', 1],
      statement: { Effect: 'Allow', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    });
    expect(resolveValue({ Ref: 'AWS::NoValue' }, scope)).toBeUndefined();
  });

  test.each([
    [{ 'Fn::Transform': {} }, 'Fn::Transform is not played here'],
    [{ 'Fn::Select': [3, ['a']] }, 'element 3 of a list of 1'],
    [{ 'Fn::Join': [',', [{ a: 1, b: 2 }]] }, 'a text was expected'],
    [
      { 'Fn::GetStackOutput': { StackName: 'data', OutputName: 'Url', Region: 'eu-west-1' } },
      'only us-east-1',
    ],
  ])('%j is refused', (value, why) => {
    expect(() => resolveValue(value, scope)).toThrow(why);
  });
});
