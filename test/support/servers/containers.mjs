// The test servers as containers, for machines where Docker answers: the same pins, built from the Dockerfile
// beside this file. testcontainers removes them when the process that asked for them is gone.
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { pins } from './binaries.mjs';

const recipes = {
  minio: (keys) => ({
    port: 9000,
    health: '/minio/health/ready',
    command: ['server', '--address', ':9000', '--quiet', '/data'],
    environment: {
      MINIO_ROOT_USER: keys.accessKeyId,
      MINIO_ROOT_PASSWORD: keys.secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
  }),
  versitygw: (keys) => ({
    port: 7070,
    health: '/health',
    command: ['--port', ':7070', '--keep-alive', '--quiet', '--health', '/health', 'posix', '/data'],
    environment: { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey },
  }),
  gcs: () => ({
    port: 4443,
    health: '/_internal/healthcheck',
    command: ['-scheme=http', '-host=0.0.0.0', '-port=4443', '-backend=memory', '-log-level=warn'],
    environment: {},
  }),
};

/** True when a Docker daemon answers on its socket. `NACRE_TEST_DOCKER=off` says no. */
export function dockerAnswers() {
  if (process.env.NACRE_TEST_DOCKER === 'off') return Promise.resolve(false);
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  if (!host.startsWith('unix://')) return connects(new URL(host.replace(/^tcp:/, 'http:')));
  return new Promise((resolve) => {
    const request = http.get(
      { socketPath: host.slice('unix://'.length), path: '/_ping', timeout: 2_000 },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

function connects(url) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: url.hostname, port: Number(url.port || 2375), timeout: 2_000 });
    const answer = (yes) => {
      socket.destroy();
      resolve(yes);
    };
    socket.on('connect', () => answer(true));
    socket.on('timeout', () => answer(false));
    socket.on('error', () => answer(false));
  });
}

/** Builds the image of one server (minutes, the first time). Returns why it cannot be had, if so. */
export async function buildImage(name) {
  const { GenericContainer } = await import('testcontainers');
  const { module, version } = pins[name];
  process.stderr.write(`servers: building the image of ${name} ${version} (minutes, the first time only)\n`);
  try {
    await GenericContainer.fromDockerfile(path.resolve(import.meta.dirname))
      .withBuildArgs({ MODULE: module, VERSION: version })
      .build(imageName(name), { deleteOnExit: false });
    return undefined;
  } catch (error) {
    return `docker build of ${name} failed: ${error.message}`;
  }
}

export async function startContainer(name) {
  const { GenericContainer, Wait } = await import('testcontainers');
  const keys = {
    accessKeyId: `test${randomBytes(8).toString('hex')}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
  const { port, health, command, environment } = recipes[name](keys);
  const container = await new GenericContainer(imageName(name))
    .withCommand(command)
    .withEnvironment(environment)
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp(health, port))
    .start();
  const endpoint = `http://${container.getHost()}:${container.getMappedPort(port)}`;
  return { name, endpoint, ...keys, stop: () => container.stop() };
}

function imageName(name) {
  return `nacre-test-${name}:${pins[name].version}`;
}
