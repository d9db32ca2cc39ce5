/** Each bad filter gets one line, which names the word that is wrong, and a hint. */
import { expect, test } from 'vitest';
import { QueueError } from '../../../src/errors.js';
import { parseFilter } from '../../../src/job/filter/parse-filter.js';

const HELP = 'queuectl help filters';
const A_TIME = '-2h is two hours ago; or 2026-11-24, 2026-11-24T18:00:00Z';
const STATE = 'as in state:dead,failed';
const EXIT = 'as in exit:137';

/** The filter, the word that is named, what is wrong with it, and the hint. */
const BAD: readonly (readonly [string, string, string, string])[] = [
  ['stat:dead', 'stat:dead', 'there is no key "stat"', 'did you mean "state"?'],
  ['3 xafter:-2h', 'xafter:-2h', 'there is no key "xafter"', 'did you mean "after"?'],
  ['state:daed', 'state:daed', 'there is no state "daed"', 'did you mean "dead"?'],
  ['queue:a state:', 'state:', 'no value behind "state:"', STATE],
  ['state:dead,', 'state:dead,', 'an empty word in the list', STATE],
  ['state>dead', 'state>dead', '"state" cannot be compared by ">"', STATE],
  ['state~dead', 'state~dead', '"state" cannot be compared by "~"', STATE],
  ['queue:', 'queue:', 'no value behind "queue:"', 'as in queue:video'],
  ['queue:""', 'queue:\\"\\"', 'no value behind "queue:"', 'as in queue:video'],
  ['queue:a,,b', 'queue:a,,b', 'an empty word in the list', 'as in queue:video'],
  ['queue>3', 'queue>3', '"queue" cannot be compared by ">"', 'as in queue:video'],
  ['queue!=', 'queue!=', 'no value behind "queue!="', 'as in queue:video'],
  ['tag<3', 'tag<3', '"tag" cannot be compared by "<"', 'as in tag:nightly'],
  ['command!~', 'command!~', 'no value behind "command!~"', 'as in command~ffmpeg'],
  ['outcome:sucess', 'outcome:sucess', 'there is no outcome "sucess"', 'did you mean "success"?'],
  ['signal>KILL', 'signal>KILL', '"signal" cannot be compared by ">"', 'as in signal:KILL'],
  ['exit:', 'exit:', 'no value behind "exit:"', EXIT],
  ['exit:abc', 'exit:abc', '"abc" is no whole number', EXIT],
  ['exit:1,b', 'exit:1,b', '"b" is no whole number', EXIT],
  ['exit~1', 'exit~1', '"exit" cannot be compared by "~"', EXIT],
  ['exit>x', 'exit>x', '"x" is no whole number', EXIT],
  ['exit:5-1', 'exit:5-1', 'the range "5-1" ends before it begins', HELP],
  ['exit:9..2', 'exit:9..2', 'the range "9..2" ends before it begins', HELP],
  ['priority:1.5', 'priority:1.5', '"1.5" is no whole number', 'as in priority>0'],
  ['run:--3', 'run:--3', '"--3" is no whole number', 'as in run:0'],
  ['max_retries:x', 'max_retries:x', '"x" is no whole number', 'as in max-retries:1'],
  ['took:abc', 'took:abc', '"abc" is no duration', 'as in took>10m'],
  ['took:5m..1m', 'took:5m..1m', 'the range "5m..1m" ends before it begins', HELP],
  ['took~5', 'took~5', '"took" cannot be compared by "~"', 'as in took>10m'],
  ['after:', 'after:', 'no value behind "after:"', 'as in after:-2h'],
  ['after:yesterday', 'after:yesterday', '"yesterday" is no time', A_TIME],
  ['after>-2h', 'after>-2h', '"after" cannot be compared by ">"', 'as in after:-2h'],
  ['created-after:x', 'created-after:x', '"x" is no time', A_TIME],
  ['updated:-2h', 'updated:-2h', '"updated" is a time', 'updated-after:-2h, or updated-before:2026-11-24'],
  ['updated~x', 'updated~x', '"updated" is a time', 'updated-after:-2h, or updated-before:2026-11-24'],
  ['id>3', 'id>3', '"id" cannot be compared by ">"', 'as in id:3-9,12'],
  ['id:9-3', 'id:9-3', 'the range "9-3" ends before it begins', HELP],
  ['9-3', '9-3', 'the range "9-3" ends before it begins', HELP],
  ['3,,4', '3,,4', 'an empty word in the list', HELP],
  ['3 #5', '#5', 'neither a job nor a KEY:VALUE', HELP],
  ['-5', '-5', 'neither a job nor a KEY:VALUE', HELP],
  ['a/b', 'a/b', 'neither a job nor a KEY:VALUE', HELP],
  ['label!:x', 'label!:x', 'neither a job nor a KEY:VALUE', HELP],
  ['(state:dead', '(', 'it is not closed', HELP],
  ['state:dead)', ')', 'nothing is open that it could close', HELP],
  ['()', ')', 'something is missing beside it', HELP],
  ['not', 'not', 'nothing follows it', HELP],
  ['not or 3', 'not', 'nothing follows it', HELP],
  ['3 and', 'and', 'nothing follows it', HELP],
  ['and 3', 'and', 'nothing stands before it', HELP],
  ['3 or', 'or', 'something is missing beside it', HELP],
  ['or 3', 'or', 'something is missing beside it', HELP],
];

test.each(BAD)('%s', (text, word, problem, hint) => {
  expect(refusal(text)).toEqual([`in the filter, "${word}": ${problem}`, hint]);
});

test('an open quote is told with the whole text', () => {
  expect(refusal('a command~"b')).toEqual(['in the filter, a quote is not closed: "a command~\\"b"', HELP]);
});

test('no word at all means no job: a variable of the shell may be empty', () => {
  for (const input of ['', '  ', [], [''], ['', ' ']])
    expect(refusal(input)).toEqual(['the filter is empty', 'all means every job']);
});

function refusal(input: string | readonly string[]): [string, string | undefined] {
  try {
    parseFilter(input);
  } catch (error) {
    if (error instanceof QueueError && error.code === 'usage') return [error.message, error.hint];
    throw error;
  }
  throw new Error('it was taken');
}
