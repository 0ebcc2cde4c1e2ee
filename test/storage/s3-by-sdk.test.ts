// What the suites of S3 ask of a store whose reads are signed here, asked once more of one whose reads go by
// the SDK: a preference that changes nothing else is left to the SDK to follow.
process.env['AWS_AUTH_SCHEME_PREFERENCE'] = 'sigv4';

export * from './s3-errors.test.js';
export * from './s3-lost-replies.test.js';
export * from './s3.test.js';
